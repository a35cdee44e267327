/**
 * What a replica says to us: REPLCONF, PSYNC, SYNC. Decides partial or full and sets the session on its way.
 * Log lines are Redis's.
 */
import { errors, type ReplyError, replyError } from '../../base/errors.ts';
import type { Backlog } from '../backlog.ts';
import type { History } from '../history.ts';
import type { ReplicaPeer, ReplicationHost } from '../ports.ts';
import { decidePsync, type FullResyncReason, lacksBacklog } from '../psync.ts';
import { CAPA_PIPELINED_PSYNC, parseOffset } from '../wire.ts';
import type { Feed } from './feed.ts';
import type { FullSync } from './full-sync.ts';
import { ReplicaSession } from './replica-session.ts';
import type { Replicas } from './replicas.ts';

/** What the command's row does next: reply an error, reply +OK, that with a capability of ours behind it, or nothing at all. */
export type PeerAnswer = ReplyError | 'ok' | 'ok-pipelined-psync' | 'none';

/** Longest `ip-address`: Redis's NET_HOST_STR_LEN, terminator excluded. */
const MAX_HOST_BYTES = 255;

export interface SyncCounters {
  syncFull: number;
  syncPartialOk: number;
  syncPartialErr: number;
  /** Why the last full resync was full; null before the first. */
  lastFullReason: FullResyncReason | null;
  /** Why the last partial resync was refused; null before the first. */
  lastPartialRefusal: FullResyncReason | null;
}

export interface PsyncServiceDeps {
  readonly host: ReplicationHost;
  readonly history: History;
  readonly backlog: Backlog;
  readonly feed: Feed;
  readonly replicas: Replicas;
  readonly fullSync: FullSync;
  /** False while we are a replica without a working link: we have nothing sure to give. */
  readonly canServe: () => boolean;
  /** We are about to hand our role over: nobody may follow us now. */
  readonly failingOver: () => boolean;
}

export class PsyncService {
  readonly counters: SyncCounters = {
    syncFull: 0,
    syncPartialOk: 0,
    syncPartialErr: 0,
    lastFullReason: null,
    lastPartialRefusal: null,
  };
  readonly #deps: PsyncServiceDeps;

  constructor(deps: PsyncServiceDeps) {
    this.#deps = deps;
  }

  /** CONFIG RESETSTAT. The reasons stay: they are no counts. */
  resetCounters(): void {
    this.counters.syncFull = this.counters.syncPartialOk = this.counters.syncPartialErr = 0;
  }

  /** REPLCONF <name> <value> ... except GETACK, which is a master's word (see Replication.getAck). */
  replconf(peer: ReplicaPeer, args: readonly string[]): PeerAnswer {
    if (args.length % 2 !== 0) return errors.syntax;
    const session = this.#sessionOf(peer);
    let answer: PeerAnswer = 'ok';
    for (let i = 0; i < args.length; i += 2) {
      const name = args[i]!.toLowerCase();
      const value = args[i + 1]!;
      switch (name) {
        case 'listening-port': {
          const port = parseOffset(value);
          if (port === undefined) return errors.notInteger;
          session.listeningPort = port;
          break;
        }
        case 'ip-address':
          if (value.length > MAX_HOST_BYTES) {
            return replyError(
              `ERR REPLCONF ip-address provided by replica instance is too long: ${value.length} bytes`,
            );
          }
          session.announcedIp = value;
          break;
        case 'capa':
          // Unknown capabilities are for newer masters.
          switch (value.toLowerCase()) {
            case 'eof':
              session.capaEof = true;
              break;
            case 'psync2':
              session.capaPsync2 = true;
              break;
            case CAPA_PIPELINED_PSYNC:
              session.capaPipelinedPsync = true;
              answer = 'ok-pipelined-psync';
              break;
            default:
          }
          break;
        case 'version':
          session.version = value;
          break;
        case 'rdb-only': {
          const flag = parseOffset(value);
          if (flag === undefined) return errors.notInteger;
          if (flag !== 0 && flag !== 1) return replyError('ERR value is out of range, value must between 0 and 1');
          session.rdbOnly = flag === 1;
          break;
        }
        case 'rdb-filter-only': {
          const wanted = value.split(/\s+/).filter((word) => word !== '');
          for (const word of wanted) {
            if (word.toLowerCase() !== 'functions')
              return replyError(`ERR Unsupported rdb-filter-only option: ${word}`);
          }
          session.excludeData = true;
          session.excludeFunctions = wanted.length === 0;
          break;
        }
        case 'ack':
          this.#acknowledge(session, value, args, i + 2);
          return 'none';
        default:
          return replyError(`ERR Unrecognized REPLCONF option: ${args[i]!}`);
      }
    }
    return answer;
  }

  /** PSYNC <replid> <offset>. `offsetText` as the client wrote it. */
  psync(peer: ReplicaPeer, replid: string, offsetText: string): PeerAnswer {
    const refusal = this.#gate(peer);
    if (refusal !== null) return refusal;
    const session = this.#sessionOf(peer);
    const { history, backlog, host } = this.#deps;
    const offset = parseOffset(offsetText);
    if (offset === undefined) {
      host.log.warning(`Replica ${session.name} asks for synchronization but with a wrong offset`);
      return errors.notInteger;
    }
    const decision = decidePsync(
      { replid, offset },
      {
        replid: history.replid,
        replid2: history.replid2,
        masterReplOffset: history.masterReplOffset,
        secondReplidOffset: history.secondReplidOffset,
        backlogActive: backlog.active,
        backlogStart: backlog.start,
        backlogLength: backlog.length,
      },
    );
    if (decision.kind === 'continue') {
      this.#continue(session, decision.fromOffset);
      return 'none';
    }
    this.#logRefusal(session, replid, offset, decision.reason);
    if (!replid.startsWith('?')) {
      this.counters.syncPartialErr++;
      this.counters.lastPartialRefusal = decision.reason;
    }
    this.#full(session, decision.reason);
    return 'none';
  }

  /** SYNC: the protocol before PSYNC; the payload follows without a +FULLRESYNC line. */
  sync(peer: ReplicaPeer): PeerAnswer {
    const refusal = this.#gate(peer);
    if (refusal !== null) return refusal;
    const session = this.#sessionOf(peer);
    session.prePsync = true;
    this.#full(session, 'requested');
    return 'none';
  }

  /** Null if the peer may sync now. */
  #gate(peer: ReplicaPeer): PeerAnswer | null {
    const { host, canServe, failingOver } = this.#deps;
    const { replica } = peer;
    // A replica that asks twice is ignored.
    if (replica !== null && replica.state !== 'handshake') return 'none';
    if (failingOver()) return replyError("NOMASTERLINK Can't SYNC while failing over");
    if (!canServe()) return replyError("NOMASTERLINK Can't SYNC while not connected with my master");
    const mayPipeline = replica?.capaPipelinedPsync === true;
    if (!mayPipeline && peer.hasPendingReplies())
      return replyError('ERR SYNC and PSYNC are invalid with pending output');
    const session = this.#sessionOf(peer);
    if ((session.excludeData || session.excludeFunctions) && !session.capaEof) {
      return replyError('ERR Filtered replica requires EOF capability');
    }
    host.log.notice(`Replica ${session.name} asks for synchronization`);
    return null;
  }

  #continue(session: ReplicaSession, fromOffset: number): void {
    const { host, history, backlog, replicas } = this.#deps;
    this.counters.syncPartialOk++;
    const cursor = backlog.cursorAt(fromOffset);
    const bytes = cursor.pendingBytes;
    const line = Buffer.from(session.capaPsync2 ? `+CONTINUE ${history.replid}\r\n` : '+CONTINUE\r\n');
    session.continueWith(Buffer.concat([session.peer.takeReplies(), line]), cursor);
    replicas.add(session);
    session.goOnline('now');
    // Told when it is under way: the replica waits for the bytes.
    host.log.notice(
      `Partial resynchronization request from ${session.name} accepted. ` +
        `Sending ${bytes} bytes of backlog starting from offset ${fromOffset}.`,
    );
    replicas.changed();
  }

  #full(session: ReplicaSession, reason: FullResyncReason): void {
    const { host, history, backlog, feed, replicas, fullSync } = this.#deps;
    this.counters.syncFull++;
    this.counters.lastFullReason = reason;
    const replies = session.peer.takeReplies();
    if (replies.length > 0) session.send(replies);
    replicas.add(session);
    if (!backlog.active) {
      // What was written before nobody recorded: an old id must not seem to cover it.
      history.changeReplid();
      history.clearReplid2();
      backlog.create(history.masterReplOffset);
      feed.forgetDb();
      host.log.notice(
        `Replication backlog created, my new replication IDs are '${history.replid}' and '${history.replid2}'`,
      );
    }
    fullSync.request(session);
  }

  #logRefusal(session: ReplicaSession, replid: string, offset: number, reason: FullResyncReason): void {
    const { host, history } = this.#deps;
    if (reason === 'requested') {
      host.log.notice(`Full resync requested by replica ${session.name}`);
    } else if (reason === 'replid-mismatch') {
      host.log.notice(
        `Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '${replid}', ` +
          `my replication IDs are '${history.replid}' and '${history.replid2}')`,
      );
    } else if (reason === 'beyond-second-offset') {
      host.log.notice(
        `Partial resynchronization not accepted: Requested offset for second ID was ${offset}, ` +
          `but I can reply up to ${history.secondReplidOffset}`,
      );
    } else if (lacksBacklog(reason)) {
      host.log.notice(
        `Unable to partial resync with replica ${session.name} for lack of backlog (Replica request was: ${offset}).`,
      );
      if (reason === 'ahead-of-master') {
        host.log.warning(
          `Warning: replica ${session.name} tried to PSYNC with an offset that is greater than the master replication offset.`,
        );
      }
    }
  }

  /** REPLCONF ACK <offset> [FACK <offset on disk>]: never answered, not even when it makes no sense. */
  #acknowledge(session: ReplicaSession, value: string, args: readonly string[], next: number): void {
    const offset = parseOffset(value);
    if (!session.attached || offset === undefined) return;
    session.acknowledge(offset);
    if (args[next]?.toLowerCase() === 'fack') {
      session.ackAofOffset = Math.max(session.ackAofOffset, parseOffset(args[next + 1]!) ?? 0);
    }
    this.#deps.replicas.changed();
  }

  #sessionOf(peer: ReplicaPeer): ReplicaSession {
    peer.replica ??= new ReplicaSession(peer, this.#deps.host.clock);
    return peer.replica;
  }
}
