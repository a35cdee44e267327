/**
 * The state of one client as commands see it. The connection, its parser and its output live in server/; this is what
 * survives between commands.
 */
import type { ReplyError } from '../base/errors.ts';
import type { Args } from '../resp/args.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { ReplicaPeer } from '../replication/ports.ts';

export type ReplyMode = 'on' | 'off' | 'skip-next' | 'skip';
/** 'normal' clients, attached replicas, our master's link, clients inside SUBSCRIBE or MONITOR. */
export type SessionClass = 'normal' | 'replica' | 'master' | 'pubsub' | 'monitor';

/** How others can end the command that a client is blocked in. */
export interface Blocking {
  /** Answers as if its time were up. */
  timeOut(): void;
  /** Answers with an error. */
  fail(error: ReplyError): void;
  /** The client has gone: forgets it. */
  gone(): void;
}

/** Who a client is to access control, which alone knows what the user may do (server/acl). */
export interface SessionUser {
  readonly name: string;
  /** May run every command on every key and channel. */
  readonly unrestricted: boolean;
}

/** Whoever is no client of ours: the link to our master. */
const superuser: SessionUser = { name: 'default', unrestricted: true };

/** A command waiting for EXEC. */
export interface QueuedCommand {
  readonly args: Args;
}

export interface WatchedKey {
  readonly database: number;
  readonly key: string;
  /** The key is there but was past its time when WATCH saw it: then its deletion is not a change. */
  expired: boolean;
}

/** What a client listens to: names as latin1 text. */
export interface OwnSubscriptions {
  readonly channels: Set<string>;
  readonly patterns: Set<string>;
  readonly shardChannels: Set<string>;
}

/** How a client caches on its side (CLIENT TRACKING). */
export interface SessionTracking {
  /** Id of the client that gets the messages; 0: this one. */
  readonly redirect: number;
  readonly broadcast: boolean;
  readonly optIn: boolean;
  readonly optOut: boolean;
  readonly noLoop: boolean;
  /** CLIENT CACHING was given for the next command or transaction. */
  caching: boolean;
  /** A message could not be sent, as the client to redirect to has gone. */
  brokenRedirect: boolean;
  readonly prefixes: Set<string>;
}

/** What MULTI has gathered so far. The booleans tell of the queued commands together, for the gates before EXEC. */
export interface Transaction {
  readonly queued: QueuedCommand[];
  /** A command was refused while queueing: EXEC answers EXECABORT. */
  aborted: boolean;
  writes: boolean;
  mayReplicate: boolean;
  deniesOom: boolean;
  deniesStale: boolean;
  deniesLoading: boolean;
  /** What the queue takes. */
  bytes: number;
}

export function newTransaction(): Transaction {
  return {
    queued: [],
    aborted: false,
    writes: false,
    mayReplicate: false,
    deniesOom: false,
    deniesStale: false,
    deniesLoading: false,
    bytes: 0,
  };
}

export class Session {
  readonly id: number;
  class: SessionClass = 'normal';
  name = '';
  libName = '';
  libVersion = '';
  user: SessionUser = superuser;
  authenticated = false;
  resp: 2 | 3 = 2;
  database = 0;
  replyMode: ReplyMode = 'on';
  noEvict = false;
  noTouch = false;
  transaction: Transaction | undefined;
  watched: WatchedKey[] = [];
  /** A watched key changed: EXEC answers null. */
  dirtyCas = false;
  /** Close once the replies so far are sent. */
  closeAfterReply = false;
  /** Close at once, before anything else runs. */
  closeNow = false;
  /** The connection is closed or closing: no longer a client for CLIENT LIST and KILL. */
  closed = false;
  /** Full lower-case name of the last command, "client|list" for a subcommand. */
  lastCommand = '';
  /** Wall clock ms. */
  readonly createdAt: number;
  lastInteraction: number;
  /** As CLIENT LIST shows them. */
  remoteAddress = '';
  localAddress = '';
  descriptor = -1;
  isUnix = false;
  /** What MONITOR shows instead of an address: 'lua' for the commands of scripts. */
  source = '';
  /** Filled in by the server: closes the connection. Replies already written are sent if `graceful`. */
  close: (graceful: boolean) => void = () => {};
  /** Filled in by the server: bytes of replies waiting for the kernel. */
  outputBytes: () => number = () => 0;
  /** Filled in by the server: bytes of an incomplete command. */
  queryBytes: () => number = () => 0;
  /** Filled in by the server: bytes held for what that command is still to bring. */
  queryFreeBytes: () => number = () => 0;
  /** Waits for something; no command of this client runs until `unblock`. */
  blocked = false;
  /** Set by a command that blocks, as long as others may end it. */
  blocking: Blocking | undefined;
  /** Offset of the replication stream after its last command: what WAIT waits for. */
  writeOffset = 0;
  /**
   * Filled in by the server: the running command will be answered later. Returns how: `finish(write)` lets `write` put the
   * reply and goes on with the client's next command. Calling it after the client has gone does nothing.
   */
  block: () => (write: (reply: ReplyWriter) => void) => void = () => () => {};
  /** What the replication layer keeps for this client once it speaks REPLCONF or PSYNC; filled in by the server. */
  peer: ReplicaPeer | undefined;
  /** Undefined while it listens to nothing. */
  subscriptions: OwnSubscriptions | undefined;
  /** Undefined while it does not track. */
  tracking: SessionTracking | undefined;
  /** Invalidation messages that wait for the end of the running command's reply; undefined if there can be none. */
  late: Uint8Array[] | undefined;
  /** A batch of its commands is under way. */
  busy = false;
  /** Messages to this client itself from its running command, which is not answered (CLIENT REPLY OFF): they are sent. */
  readonly messages: Uint8Array[] = [];
  /**
   * Filled in by the server: appends bytes to the client's output, behind its replies so far, while another client's
   * command runs. Nobody may write to the bytes any more.
   */
  push: (bytes: Uint8Array) => void = () => {};

  /** While set, messages of `push` wait here: a reply that is being made goes first. */
  held: Uint8Array[] | undefined;

  constructor(id: number, now: number) {
    this.id = id;
    this.createdAt = now;
    this.lastInteraction = now;
  }
}
