/**
 * Clients whose command waits for keys (BLPOP and its like).
 *
 *   command finds nothing -> onKeys: the client joins the queue of each of its keys
 *   a command fills a key -> the store's event: its queue is ready
 *   end of that command (or EXEC) -> serveReady: ready queues in order, in each the clients in order
 *
 * A client is in the queues of its keys iff it is blocked on them; whatever ends the wait takes it out of all of them.
 * While nobody is blocked in a database, filling its keys costs one test (`Database.waiting`).
 */
import type { Timer } from '../base/ambient.ts';
import type { ReplyError } from '../base/errors.ts';
import type { Call } from '../commands/call.ts';
import type { BlockingService, KeyWait } from '../commands/services.ts';
import type { Session } from '../commands/session.ts';
import type { Command } from '../commands/table.ts';
import { Args, latin1 } from '../resp/args.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { Database } from '../store/database.ts';
import type { Server } from './server.ts';

type Write = (reply: ReplyWriter) => void;

/** One key that clients are blocked on. */
interface KeyQueue {
  readonly db: Database;
  readonly name: string;
  readonly key: Uint8Array;
  /** First blocked first; the value is the argument that names the key. */
  readonly clients: Map<Blocked, number>;
}

/** One blocked client. */
interface Blocked {
  readonly session: Session;
  readonly command: Command;
  /** The arguments outlive the read buffer. */
  readonly args: Args;
  readonly wait: KeyWait;
  readonly finish: (write: Write) => void;
  timer: Timer | undefined;
  readonly queues: KeyQueue[];
}

export class Blocking implements BlockingService {
  readonly #server: Server;
  readonly #blocked: Set<Blocked> = new Set();
  /** By database and key. */
  readonly #queues: Map<string, KeyQueue>[];
  /** Queues whose keys may have something, in the order in which they got it. */
  readonly #ready: Set<KeyQueue> = new Set();

  constructor(server: Server) {
    this.#server = server;
    this.#queues = server.store.space.databases.map(() => new Map());
  }

  /** Blocked clients with a timeout, for INFO. */
  get withTimeout(): number {
    let count = 0;
    for (const { timer } of this.#blocked) if (timer !== undefined) count++;
    return count;
  }

  /** Keys that clients are blocked on, for INFO. */
  get keys(): number {
    let count = 0;
    for (const queues of this.#queues) count += queues.size;
    return count;
  }

  onKeys(call: Call, wait: KeyWait): void {
    const { db, session } = call;
    const values: Uint8Array[] = [];
    for (let i = 0; i < call.count; i++) values.push(call.args.copy(i));
    const args = new Args().assign(values);
    const finish = session.block();
    const blocked: Blocked = { session, command: call.command, args, wait, finish, timer: undefined, queues: [] };
    const timeOut = (): void => this.#end(blocked, (reply) => reply.nullArray());
    // One ms more: a timeout is over when its last ms is.
    if (wait.timeoutMs > 0) blocked.timer = this.#server.clock.after(wait.timeoutMs + 1, timeOut);
    session.blocking = { timeOut, fail: (error) => this.#fail(blocked, error), gone: () => this.#release(blocked) };
    this.#blocked.add(blocked);
    const queues = this.#queues[db.index]!;
    for (let i = wait.firstKey; i < wait.firstKey + wait.keys; i++) {
      const key = values[i]!;
      const name = latin1(key, 0, key.length);
      let queue = queues.get(name);
      if (queue === undefined) queues.set(name, (queue = { db, name, key, clients: new Map() }));
      if (queue.clients.has(blocked)) continue;
      queue.clients.set(blocked, i);
      blocked.queues.push(queue);
    }
    db.waiting = queues.size;
  }

  /** The store: a key that somebody may wait for changed. */
  keyReady(db: Database, bytes: Uint8Array, at: number, length: number): void {
    const queue = this.#queues[db.index]!.get(latin1(bytes, at, length));
    if (queue !== undefined) this.#toServe(queue);
  }

  /** The store: a database has other content now. */
  databaseReplaced(db: Database): void {
    for (const queue of this.#queues[db.index]!.values()) this.#toServe(queue);
  }

  /** Serves the clients blocked on ready keys. Keys that become ready by that (BLMOVE) are served last. */
  serveReady(): void {
    // The command that made them ready may have taken its time, and keys are past theirs meanwhile.
    if (this.#ready.size > 0) this.#server.store.space.now = this.#server.clock.now();
    for (const queue of this.#ready) {
      // First, so that it may become ready again.
      this.#ready.delete(queue);
      this.#expire(queue);
      for (const [blocked, index] of queue.clients) this.#serve(blocked, queue, index);
    }
    this.#server.executor.keysReady = false;
  }

  #toServe(queue: KeyQueue): void {
    this.#ready.add(queue);
    this.#server.executor.keysReady = true;
  }

  /** What came may be past its time already; it is met here, so it goes. */
  #expire({ db, key }: KeyQueue): void {
    const entry = db.peek(key, 0, key.length);
    if (entry !== 0 && db.isExpired(entry) && db.expireEntry(entry)) this.#server.propagation.flush();
  }

  #serve(blocked: Blocked, queue: KeyQueue, index: number): void {
    const { session, wait } = blocked;
    // Nobody would see what was taken out for it.
    if (session.closed) return;
    const { db, key } = queue;
    const entry = db.peek(key, 0, key.length);
    const live = entry !== 0 && !db.isExpired(entry) && db.space.entries.type(entry) === wait.type;
    if (!live && wait.missing === undefined) return;
    session.held = [];
    const reply = this.#server.executor.resume(session, blocked.command, blocked.args, (call) =>
      live ? wait.serve(call, index) : wait.missing!(call, index),
    );
    const messages = session.held;
    session.held = undefined;
    if (reply !== undefined) this.#end(blocked, (writer) => writer.raw(reply));
    for (const message of messages) session.push(message);
  }

  #fail(blocked: Blocked, error: ReplyError): void {
    blocked.command.failed++;
    this.#server.executor.countError(blocked.session, error);
    this.#end(blocked, (reply) => reply.error(error));
  }

  #end(blocked: Blocked, write: Write): void {
    this.#release(blocked);
    blocked.finish(write);
  }

  /** Takes the client out of all queues. */
  #release(blocked: Blocked): void {
    if (!this.#blocked.delete(blocked)) return;
    blocked.session.blocking = undefined;
    blocked.timer?.cancel();
    for (const queue of blocked.queues) {
      queue.clients.delete(blocked);
      if (queue.clients.size > 0) continue;
      const queues = this.#queues[queue.db.index]!;
      queues.delete(queue.name);
      queue.db.waiting = queues.size;
      this.#ready.delete(queue);
    }
  }
}
