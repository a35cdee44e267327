/**
 * A working link: the master's stream goes to apply.ts, and ACKs go up.
 *
 *   bytes -> apply -> [ a command waits for the end of a pause: reading stops ] -> our own replicas -> ACK, if one is due
 *
 * Rule: an ACK names what is applied and counted, so one that is asked for inside a burst leaves behind it, at the end of
 * the turn.
 */
import { NOTHING } from '../../base/nothing.ts';
import type { Connection } from '../../io/world.ts';
import { type ReplicationHost, StreamError } from '../ports.ts';
import { command } from '../wire.ts';
import { StreamApplier } from './apply.ts';
import type { LinkOwner } from './link-state.ts';

export class Following {
  /** The master speaks no PSYNC: it gets no ACKs and we keep nothing to continue from. */
  prePsync = false;
  readonly #env: ReplicationHost;
  readonly #owner: LinkOwner;
  readonly #applier: StreamApplier;
  #connection: Connection | null = null;
  #ackDue = false;

  constructor(env: ReplicationHost, owner: LinkOwner) {
    this.#env = env;
    this.#owner = owner;
    this.#applier = new StreamApplier(env.executor, (bytes, at, length) => owner.applied(bytes, at, length));
  }

  /** The stream begins, or goes on, at a command boundary. */
  start(connection: Connection, selectedDb: number): void {
    this.#connection = connection;
    this.#ackDue = false;
    this.#applier.reset(selectedDb);
  }

  stop(): void {
    this.#connection = null;
    this.#ackDue = false;
  }

  /** Bytes read from the master but not yet counted as applied. */
  get pendingBytes(): number {
    return this.#applier.pendingBytes;
  }

  /** The stream waits for the end of a pause of clients: the master's silence is our doing. */
  get held(): boolean {
    return this.#applier.held;
  }

  /** False: the bytes are no stream, and the log says so. */
  apply(bytes: Uint8Array, at: number): boolean {
    try {
      this.#applier.push(bytes, at, bytes.length - at);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#env.log.warning(`Protocol error from master: ${error.message}`);
      return false;
    }
    // Bounded by what one read gave us: the rest waits in the sockets, and then at the master.
    if (this.#applier.held) this.#connection?.pause();
    this.#owner.appliedBurst();
    // Our clients' replies and messages leave first.
    if (this.#ackDue) this.#env.clock.soon(() => this.#sendDueAck());
    return true;
  }

  /** A pause is over, or another one than before. False as for `apply`. */
  goOn(): boolean {
    if (!this.apply(NOTHING, 0)) return false;
    if (!this.#applier.held) this.#connection?.resume();
    return true;
  }

  /** An ACK is to follow the burst that is being applied, or the next one. */
  ackAfterBurst(): void {
    this.#ackDue = true;
  }

  #sendDueAck(): void {
    if (this.#ackDue) this.sendAck();
  }

  sendAck(): void {
    this.#ackDue = false;
    if (this.prePsync || this.#connection === null) return;
    const onDisk = this.#env.fsyncedOffset?.() ?? null;
    const fack = onDisk === null ? [] : ['FACK', String(onDisk)];
    this.#connection.write(command('REPLCONF', 'ACK', String(this.#owner.masterReplOffset()), ...fack));
  }
}
