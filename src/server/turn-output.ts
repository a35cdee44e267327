/**
 * The replies of one turn of the event loop. Every client's batch appends to the one writer; at the end of the turn each
 * client's part goes to its socket. Writing after all that was ready has been served, instead of after each client,
 * means that the first write wakes the peer's process and the others find it running, which halves their cost.
 *
 *   writer:  | client 7 | client 9 | client 7 | running batch ... |
 *            `------- committed, in order ----´`-- not yet ------´
 *
 * Messages that a batch sends to other clients (PUBLISH) join the order with bytes of their own, which several clients
 * may share; those of one client that follow each other leave in one write.
 */
import { NOTHING } from '../base/nothing.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

/** Takes one client's part; false if the kernel did not take everything, so that the bytes are still in use. */
export interface OutputOwner {
  send(bytes: Uint8Array): boolean;
  /** What was replied must not be sent, and nothing can be said instead: the connection ends. */
  drop(): void;
  /** Kept by TurnOutput: messages to this client behind which none of its replies was committed yet. */
  messages: Uint8Array[] | undefined;
}

/** Messages are handed to the sockets before the turn ends whenever so many bytes of them have gathered. */
const MESSAGE_BYTES = 1024 * 1024;

export class TurnOutput {
  readonly writer: ReplyWriter;
  /**
   * Called before bytes go to the sockets: what the commands behind them did is to be safe first. False: it is not, so
   * nobody may see what was replied.
   */
  beforeFlush: () => boolean = () => true;
  readonly #owners: OutputOwner[] = [];
  readonly #ends: number[] = [];
  /** For each part that is not in the writer: the messages it consists of. */
  readonly #messages: (Uint8Array[] | undefined)[] = [];
  #messageBytes = 0;
  /** Where the first part that is not sent starts. */
  #start = 0;
  /** Where the running batch starts. */
  #committed = 0;
  /** A batch is under way: code that runs in it remembers positions in the writer, which must stay. */
  #running = false;
  /** Some part is still in use by its connection: the buffer must not be written again. */
  #given = false;
  /** A flush inside the running batch found that what it did is not safe. */
  #unsafe = false;

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

  /** Takes back what the running batch wrote: the caller sends it another way. Nothing, where it must not be seen. */
  take(): Uint8Array {
    const { writer } = this;
    const taken = this.flush() ? Uint8Array.from(writer.bytes.subarray(this.#committed, writer.at)) : NOTHING;
    writer.at = this.#committed;
    return taken;
  }

  /** Drops what the running batch wrote, and ends it. */
  abandon(): void {
    this.#running = this.#unsafe = false;
    this.writer.at = this.#committed;
  }

  /** Ends the running batch: what it wrote belongs to `owner`. */
  commit(owner: OutputOwner): void {
    this.#running = false;
    if (this.#unsafe) {
      this.#unsafe = false;
      this.writer.at = this.#committed;
      owner.drop();
      return;
    }
    if (this.writer.at === this.#committed) return;
    this.#committed = this.writer.at;
    this.#add(owner, undefined);
  }

  /** A message to a client other than the one whose batch is under way. The bytes must stay as they are. */
  append(owner: OutputOwner, message: Uint8Array): void {
    if (owner.messages === undefined) this.#add(owner, []);
    owner.messages!.push(message);
    this.#messageBytes += message.length;
    if (this.#messageBytes <= MESSAGE_BYTES) return;
    // A command is running, perhaps our master's, outside of any batch: positions in the writer must stay.
    const running = this.#running;
    this.#running = true;
    this.flush();
    this.#running = running;
  }

  /** Hands all committed parts to their connections. A batch may be under way: it stays. False: see `beforeFlush`. */
  flush(): boolean {
    const { writer } = this;
    const owners = this.#owners;
    this.#messageBytes = 0;
    const isSafe = this.beforeFlush();
    if (!isSafe) this.#dropAll();
    if (owners.length > 0) {
      // Sending may run code that commits more; that waits for its own flush.
      const count = owners.length;
      for (let i = 0; i < count; i++) {
        const owner = owners[i]!;
        const messages = this.#messages[i];
        if (messages !== undefined) {
          owner.messages = undefined;
          owner.send(messages.length === 1 ? messages[0]! : Buffer.concat(messages));
          continue;
        }
        const end = this.#ends[i]!;
        if (!owner.send(writer.bytes.subarray(this.#start, end))) this.#given = true;
        this.#start = end;
      }
      owners.splice(0, count);
      this.#ends.splice(0, count);
      this.#messages.splice(0, count);
    }
    if (this.#running || owners.length > 0 || writer.at > this.#committed) return isSafe;
    writer.renew(this.#given);
    this.#given = false;
    this.#start = this.#committed = 0;
    return isSafe;
  }

  /** Ends the connections of all who wait for replies, as a crash in this moment would. */
  #dropAll(): void {
    const owners = this.#owners.splice(0);
    this.#ends.length = this.#messages.length = 0;
    this.#start = this.#committed;
    this.#unsafe = this.#running;
    for (const owner of owners) {
      owner.messages = undefined;
      owner.drop();
    }
  }

  #add(owner: OutputOwner, messages: Uint8Array[] | undefined): void {
    owner.messages = messages;
    this.#owners.push(owner);
    this.#ends.push(this.#committed);
    this.#messages.push(messages);
  }
}
