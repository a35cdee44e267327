/**
 * A client's connection: bytes in, commands to the executor, replies out.
 *
 * All clients of a server share one reply writer (see turn-output.ts): a batch of pipelined commands appends to it, and
 * each client's part goes to its socket at the end of the turn. A client that is blocked or paused keeps its unparsed
 * bytes.
 */
import type { Timer } from '../base/ambient.ts';
import type { Connection } from '../io/world.ts';
import { RequestParser, type ParserLimits } from '../resp/request-parser.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { OutputOwner, TurnOutput } from './turn-output.ts';
import { replyError } from '../base/errors.ts';
import { NOTHING } from '../base/nothing.ts';
import type { Session } from '../commands/session.ts';
import type { Executor } from './execute.ts';

/** A client that is blocked or paused is read on, so that its going away is noticed, but only so many bytes ahead. */
const WAITING_BYTES = 64 * 1024;

/** Replies are handed to the sockets before the turn ends whenever so many bytes have gathered. */
const FLUSH_BYTES = 256 * 1024;

/** Shorter replies to a client that does not read are copied; longer ones may keep the buffer that they share. */
const COPY_BYTES = 16 * 1024;

/** A turn's replies up to here are not held against the hard output limit: Redis's fixed reply buffer. */
const FREE_REPLY_BYTES = 16 * 1024;

/** A peer that does not read gets so long to take its last replies before the connection is destroyed, ms. */
export const LINGER_MS = 10_000;

export interface ClientHost {
  readonly executor: Executor;
  readonly output: TurnOutput;
  /** client-query-buffer-limit, bytes. */
  readonly queryBufferLimit: number;
  /** Reads the clock for the commands that follow. */
  beginBatch(session: Session): void;
  /** Called inside long pipelines too, so that replicas are fed while one goes on. */
  commandDone(session: Session): void;
  /** An attached replica sent a command that has a reply: its output is the stream, nothing else may enter it. */
  replicaAnswered(session: Session): void;
  /** Input or output that waits may have grown. */
  memoryChanged(client: Client): void;
  /** End of the batch: schedules what waits for the end of the turn. */
  endBatch(): void;
  /**
   * Enforces client-output-buffer-limit on the output that waits for the kernel. `more` bytes are about to join it, which
   * only the hard limit minds. True if the client must go.
   */
  overOutputLimit(client: Client, more: number): boolean;
  closed(client: Client, error: Error | undefined): void;
  /** Everything queued went out. */
  drained(client: Client): void;
  /** The line of CLIENT LIST. */
  describe(client: Client): string;
  protocolError(client: Client, text: string): void;
  /** An incomplete command has outgrown `queryBufferLimit`; the client goes. */
  queryTooLong(client: Client): void;
  after(delayMs: number, task: () => void): Timer;
  /** Runs `task` when no batch of any client is under way. */
  soon(task: () => void): void;
}

interface OwnMessage {
  readonly at: number;
  readonly message: Uint8Array;
}

export class Client implements OutputOwner {
  readonly session: Session;
  readonly connection: Connection;
  readonly parser: RequestParser;
  readonly #host: ClientHost;
  /** Waiting for the end of a pause: input stays unparsed. */
  postponed = false;
  #ended = false;
  #linger: Timer | undefined;
  bytesIn = 0;
  bytesOut = 0;
  reads = 0;
  writes = 0;
  /** When the soft output limit was first exceeded, wall clock ms; 0 if it is not. */
  softLimitSince = 0;
  messages: Uint8Array[] | undefined = undefined;
  /** Messages that the running command caused for its own client, and where its reply was then. */
  readonly #own: OwnMessage[] = [];

  constructor(host: ClientHost, connection: Connection, session: Session, limits: ParserLimits) {
    this.#host = host;
    this.connection = connection;
    this.session = session;
    this.parser = new RequestParser(limits);
    session.close = (graceful) => this.close(graceful);
    session.outputBytes = () => connection.pendingBytes;
    session.queryBytes = () => this.parser.bufferedBytes;
    session.queryFreeBytes = () => Math.max(0, this.parser.heldBytes - this.parser.bufferedBytes);
    session.push = (bytes) => this.#append(bytes);
    session.block = () => this.#block();
    session.peer = {
      id: session.id,
      connection,
      replica: null,
      hasPendingReplies: () => {
        host.output.flush();
        return this.session.busy && host.output.uncommitted > 0;
      },
      takeReplies: () => (this.session.busy ? host.output.take() : NOTHING),
      describe: () => host.describe(this),
    };
    connection.handle({
      onData: (bytes) => this.#input(bytes),
      onDrain: () => host.drained(this),
      onEnd: () => this.close(true),
      onClose: (error) => {
        this.#ended = session.closed = true;
        this.#linger?.cancel();
        host.closed(this, error);
      },
    });
  }

  /** Takes up the input that a pause left unparsed. */
  resume(): void {
    this.postponed = false;
    this.connection.resume();
    this.#input(NOTHING);
  }

  /** A message, or a reply that was waited for; mostly from outside of this client's batch. */
  #append(message: Uint8Array): void {
    if (this.#ended) return;
    if (this.session.busy) {
      this.#own.push({ at: this.#host.output.writer.at, message });
      return;
    }
    if (this.session.held !== undefined) {
      this.session.held.push(message);
      return;
    }
    this.#host.output.append(this, message);
    this.#host.endBatch();
  }

  close(graceful: boolean): void {
    if (this.#ended) return;
    if (this.session.busy && graceful) {
      this.session.closeAfterReply = true;
      return;
    }
    if (this.session.busy) {
      this.session.closeNow = true;
      return;
    }
    if (graceful) this.#host.output.flush();
    if (this.#ended) return;
    this.#ended = this.session.closed = true;
    if (graceful) this.#end();
    else this.connection.destroy();
  }

  /** The turn's replies to this client. True if their bytes are no longer needed. */
  send(bytes: Uint8Array): boolean {
    if (this.#ended) return true;
    this.bytesOut += bytes.length;
    this.writes++;
    // What queues behind other bytes keeps its memory: a few bytes must not keep the whole turn's buffer.
    const copied = bytes.length < COPY_BYTES && this.connection.pendingBytes > 0;
    if (bytes.length > FREE_REPLY_BYTES && this.#host.overOutputLimit(this, bytes.length)) return this.#cut();
    const taken = this.connection.write(copied ? Uint8Array.from(bytes) : bytes);
    if (!taken) {
      this.#host.memoryChanged(this);
      if (this.#host.overOutputLimit(this, 0)) return this.#cut();
    }
    return taken || copied;
  }

  /** Too much output: what is left of it is not sent. */
  #cut(): true {
    this.#ended = this.session.closed = true;
    this.connection.destroy();
    return true;
  }

  drop(): void {
    if (this.#ended) return;
    if (this.session.busy) this.session.closeNow = true;
    else {
      this.#ended = this.session.closed = true;
      this.connection.destroy();
    }
  }

  /** Sends what is queued and closes; `end` alone would wait for ever for a peer that never reads. */
  #end(): void {
    this.connection.end();
    if (this.connection.pendingBytes === 0) return;
    this.#linger = this.#host.after(LINGER_MS, () => this.connection.destroy());
  }

  /** No further command runs until the reply to the running one is known. */
  #block(): (write: (reply: ReplyWriter) => void) => void {
    const session = this.session;
    session.blocked = true;
    let finished = false;
    return (write) => {
      if (finished || this.#ended) return;
      finished = true;
      session.blocked = false;
      const { writer } = this.#host.output;
      const start = writer.at;
      const { resp } = writer;
      writer.resp = session.resp;
      write(writer);
      if (session.replyMode !== 'on') this.#muted(start);
      if (this.session.busy) {
        // Finished within its own command: the batch simply goes on.
        this.connection.resume();
        return;
      }
      // Another client's batch may be under way, and the writer holds its replies: take out only our own.
      const reply = Uint8Array.from(writer.bytes.subarray(start, writer.at));
      writer.at = start;
      writer.resp = resp;
      if (reply.length > 0) this.#append(reply);
      this.#host.soon(() => this.resume());
    };
  }

  #input(chunk: Uint8Array): void {
    if (this.#ended) return;
    const { parser, session } = this;
    const host = this.#host;
    this.bytesIn += chunk.length;
    if (chunk.length > 0) {
      this.reads++;
      parser.feed(chunk);
    }
    if (session.blocked || this.postponed) {
      parser.release();
      if (parser.bufferedBytes > WAITING_BYTES) this.connection.pause();
      return;
    }
    host.beginBatch(session);
    const { output } = host;
    const { writer } = output;
    writer.resp = session.resp;
    session.busy = true;
    output.begin();
    for (;;) {
      const start = writer.at;
      const result = parser.next();
      if (result === 'more') break;
      if (result === 'error') {
        host.protocolError(this, parser.error);
        writer.error(replyError(`ERR Protocol error: ${parser.error}`));
        if (session.replyMode !== 'on') this.#muted(start);
        session.closeAfterReply = true;
        break;
      }
      if (host.executor.execute(session, parser.args) === 'postponed') {
        parser.unread();
        this.postponed = true;
        break;
      }
      if (session.class === 'replica') {
        if (writer.at > start) {
          host.replicaAnswered(session);
          session.closeNow = true;
          writer.at = start;
        }
        this.#own.length = 0;
      } else {
        if (session.replyMode !== 'on' && !session.blocked) this.#muted(start);
        if (this.#own.length > 0) this.#insertOwn(start);
      }
      // AUTH lifts the limits for what follows in the same batch.
      if (parser.unauthenticated && session.authenticated) parser.unauthenticated = false;
      host.commandDone(session);
      if (writer.at > FLUSH_BYTES) {
        output.commit(this);
        output.flush();
        output.begin();
      }
      if (session.closeNow || session.closeAfterReply || session.blocked || this.#ended) break;
    }
    session.busy = false;
    if (parser.bufferedBytes > host.queryBufferLimit && !this.#ended) {
      host.queryTooLong(this);
      session.closeNow = true;
    }
    if (session.closeNow) {
      output.abandon();
      this.#ended = this.session.closed = true;
      this.connection.destroy();
    } else {
      output.commit(this);
      parser.release();
      if (session.closeAfterReply && !this.#ended) this.close(true);
    }
    host.memoryChanged(this);
    host.endBatch();
  }

  /**
   * Puts the messages of the command whose reply starts at `start` around that: a message that came before there was any
   * of the reply in front, all others behind, as nothing may stand inside of a reply.
   */
  #insertOwn(start: number): void {
    const { writer } = this.#host.output;
    const own = this.#own.splice(0);
    const reply = Uint8Array.from(writer.bytes.subarray(start, writer.at));
    writer.at = start;
    for (const { at, message } of own) if (at === start) writer.raw(message);
    writer.raw(reply);
    for (const { at, message } of own) if (at !== start) writer.raw(message);
  }

  /** CLIENT REPLY OFF or SKIP: drops what the command wrote since `start`, but for messages. */
  #muted(start: number): void {
    const session = this.session;
    const { writer } = this.#host.output;
    writer.at = start;
    for (const message of session.messages.splice(0)) writer.raw(message);
    if (session.replyMode === 'skip') session.replyMode = 'on';
    else if (session.replyMode === 'skip-next') session.replyMode = 'skip';
  }
}
