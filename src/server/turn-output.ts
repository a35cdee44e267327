/**
 * The replies of one turn of the event loop. Every client's batch appends to the one writer; at the end of the turn each
 * client's part goes to its socket. Writing after all that was ready has been served, instead of after each client,
 * means that the first write wakes the peer's process and the others find it running, which halves their cost.
 *
 *   writer:  | client 7 | client 9 | client 7 | running batch ... |
 *            `------- committed, in order ----´`-- not yet ------´
 */
import type { ReplyWriter } from '../resp/reply-writer.ts';

/** Takes one client's part; false if the kernel did not take everything, so that the bytes are still in use. */
export interface OutputOwner {
  send(bytes: Uint8Array): boolean;
}

export class TurnOutput {
  readonly writer: ReplyWriter;
  readonly #owners: OutputOwner[] = [];
  readonly #ends: number[] = [];
  /** Where the first part that is not sent starts. */
  #start = 0;
  /** Where the running batch starts. */
  #committed = 0;
  /** A batch is under way: code that runs in it remembers positions in the writer, which must stay. */
  #running = false;
  /** Some part is still in use by its connection: the buffer must not be written again. */
  #given = false;

  constructor(writer: ReplyWriter) {
    this.writer = writer;
  }

  /** Bytes of the running batch. */
  get uncommitted(): number {
    return this.writer.at - this.#committed;
  }

  /** A client's batch begins. */
  begin(): void {
    this.#running = true;
  }

  /** Drops what the running batch wrote, and ends it. */
  abandon(): void {
    this.#running = false;
    this.writer.at = this.#committed;
  }

  /** Ends the running batch: what it wrote belongs to `owner`. */
  commit(owner: OutputOwner): void {
    this.#running = false;
    if (this.writer.at === this.#committed) return;
    this.#committed = this.writer.at;
    this.#owners.push(owner);
    this.#ends.push(this.#committed);
  }

  /** Hands all committed parts to their connections. A batch may be under way: it stays. */
  flush(): void {
    const { writer } = this;
    const owners = this.#owners;
    if (owners.length > 0) {
      // Sending may run code that commits more; that waits for its own flush.
      const count = owners.length;
      for (let i = 0; i < count; i++) {
        const end = this.#ends[i]!;
        if (!owners[i]!.send(writer.bytes.subarray(this.#start, end))) this.#given = true;
        this.#start = end;
      }
      owners.splice(0, count);
      this.#ends.splice(0, count);
    }
    if (this.#running || owners.length > 0 || writer.at > this.#committed) return;
    writer.renew(this.#given);
    this.#given = false;
    this.#start = this.#committed = 0;
  }
}
