/**
 * The main path of a command: from parsed arguments to reply and propagation. Read this first.
 *
 *   lookup -> arity -> authentication -> permission -> gates -> (queue in MULTI) -> handler -> propagation
 *
 * The order of the gates is Redis's, as it decides which error a client sees when several apply.
 */
import { errors, ReplyError, replyError, wrongArity } from '../base/errors.ts';
import { ArenaExhausted } from '../memory/arena.ts';
import type { Call } from '../commands/call.ts';
import { protectedRefusal } from '../commands/protected.ts';
import type { Session } from '../commands/session.ts';
import { type Command, type CommandTable, SAMPLE_MASK } from '../commands/table.ts';
import { makeRoom } from '../store/room.ts';
import type { Args } from '../resp/args.ts';
import type { Denial } from './acl/selector.ts';
import { noMorePermission, noPermission } from './acl/no-permission.ts';
import { CommandBug, REPORTED_ARGUMENTS_MAX } from './bug-report.ts';
import type { Gates } from './gates.ts';
import { enqueue } from './transactions.ts';
import { unknownCommand, unknownSubcommand } from './unknown-command.ts';

/** Warnings of HTTP requests are logged at most this often. */
const WARNING_PERIOD_MS = 60_000;

/** Bytes that take about a millisecond to make: a command with such a reply is timed from then on. */
const LARGE_REPLY: number = 4 * 1024 * 1024;

/** Kinds of errors that are counted each by itself. */
const ERROR_CODES_MAX = 128;

export interface ExecutorHooks {
  /** The session issued a command that must wait for the end of a pause. */
  postpone(session: Session): void;
  /** A command took at least `slowMicros`. */
  slow(command: Command, args: Args, session: Session, micros: number): void;
  /** A command ran while `monitored`. */
  ran(command: Command, args: Args, session: Session): void;
  /** Serves the clients blocked on keys that have something for them now; see `keysReady`. */
  serveBlocked(): void;
  /** A session that tracks ran a command that reads. */
  tracked(session: Session, command: Command, args: Args): void;
  /** Why the session's user, who is restricted, may not run the command. A refusal is logged. */
  denied(session: Session, command: Command, args: Args): Denial | undefined;
  /** A write of our master comes while our disk takes none. */
  masterWriteUnsaved?(): void;
  /** A command of our master ended in an error: our data may differ from its data. */
  masterCommandFailed?(session: Session, error: ReplyError): void;
}

export type Outcome = 'done' | 'postponed';

export class Executor {
  readonly call: Call;
  readonly #table: CommandTable;
  readonly #gates: Gates;
  readonly #hooks: ExecutorHooks;
  /** Monotonic ms before which another HTTP request is not worth a line in the log. */
  #nextWarning = -Infinity;
  /** Keys that clients are blocked on may have something for them, once the running command is over. */
  keysReady = false;
  /** Commands that take so long are told to `hooks.slow`; what runs with more bytes of arguments is timed. */
  slowMicros: number = Infinity;
  longArguments: number = Infinity;
  /** Somebody wants to see all commands. */
  monitored = false;
  /**
   * No gate stands in the way of commands on data. Looked up when a batch begins and after each command of another kind,
   * as nothing else can change it within a batch: reading all gates costs a tenth of a fast command.
   */
  #open = false;
  /** Clients need not authenticate; known together with `#open`. */
  #anonymous = false;
  /** Commands executed: total_commands_processed. */
  processed = 0;
  /** Error replies by first word: INFO errorstats. */
  readonly errorCounts: Map<string, number> = new Map();

  constructor(call: Call, table: CommandTable, gates: Gates, hooks: ExecutorHooks) {
    this.call = call;
    this.#table = table;
    this.#gates = gates;
    this.#hooks = hooks;
  }

  /** A batch begins, or a command has run that may have changed the gates. */
  lookAtGates(): void {
    const gates = this.#gates;
    this.#anonymous = !gates.authenticationRequired;
    this.#open =
      !gates.memoryLimited &&
      !gates.loading &&
      !gates.readonlyReplica &&
      !gates.masterDown &&
      !gates.notEnoughReplicas &&
      gates.diskError === undefined &&
      gates.paused === 'no';
  }

  /** Runs one command of a client, or queues or postpones it. Replies are in the call's writer afterwards. */
  execute(session: Session, args: Args): Outcome {
    const command = this.#resolve(session, args);
    if (command === undefined) return 'done';
    if (
      this.#open &&
      command.isPlain &&
      session.class === 'normal' &&
      session.transaction === undefined &&
      session.user.unrestricted &&
      (session.authenticated || this.#anonymous)
    ) {
      this.run(session, command, args);
      if (this.keysReady) this.#hooks.serveBlocked();
      return 'done';
    }
    const outcome = this.#throughGates(session, command, args);
    if (!command.isPlain) this.lookAtGates();
    return outcome;
  }

  #throughGates(session: Session, command: Command, args: Args): Outcome {
    const refusal = session.class === 'master' ? this.#asMaster(command) : this.#refusal(session, command, args);
    if (refusal !== undefined) {
      this.#reject(session, command, refusal);
      return 'done';
    }
    if (this.#gates.paused !== 'no' && this.#mustWait(session, command)) {
      this.#hooks.postpone(session);
      return 'postponed';
    }
    const transaction = session.transaction;
    if (transaction !== undefined && !runsInsideMulti(command.name)) {
      enqueue(transaction, command, args);
      this.call.reply.queued();
      return 'done';
    }
    this.run(session, command, args);
    if (this.keysReady) this.#hooks.serveBlocked();
    return 'done';
  }

  /**
   * Goes on with the command of a blocked client, outside of any other command: `attempt` tries to do what it waits for,
   * and propagates it. Returns the reply; undefined, and nothing happened, if the client waits on.
   */
  resume(session: Session, command: Command, args: Args, attempt: (call: Call) => boolean): Uint8Array | undefined {
    const { call } = this;
    const { reply, propagation } = call;
    const { space } = call.store;
    const { clock } = call.services;
    const { at, resp } = reply;
    const { noTouch } = space;
    call.session = session;
    call.args = args;
    call.command = command;
    call.db = space.databases[session.database]!;
    reply.resp = session.resp;
    space.noTouch = session.noTouch;
    const started = clock.monotonic();
    let done = true;
    try {
      done = attempt(call);
    } catch (error) {
      reply.at = at;
      this.#failed(command, args, error);
    }
    const micros = (clock.monotonic() - started) * 1000;
    command.micros += micros;
    if (done && micros >= this.slowMicros) {
      // It waits no more: what is told is how long it was at work.
      session.blocked = false;
      this.#hooks.slow(command, args, session, micros);
      session.blocked = true;
    }
    const bytes = done ? Uint8Array.from(reply.bytes.subarray(at, reply.at)) : undefined;
    reply.at = at;
    reply.resp = resp;
    space.noTouch = noTouch;
    if (propagation.pending > 0) propagation.flush();
    return bytes;
  }

  /** Runs a command's handler and propagates what it did. Gates are the caller's business (EXEC runs queued commands here). */
  run(session: Session, command: Command, args: Args): void {
    const call = this.call;
    const outer = call.inExec;
    const dirty = call.dirty;
    call.session = session;
    call.args = args;
    call.command = command;
    call.db = call.store.space.databases[session.database]!;
    call.rewritten = false;
    const replyStart = call.reply.at;
    const timed = command.timed || (command.calls & SAMPLE_MASK) === 0 || args.rawLength > this.longArguments;
    const started = timed ? call.services.clock.monotonic() : 0;
    try {
      if (command.needsRoom) makeRoom(call.store.space, args);
      command.handler!(call);
    } catch (error) {
      call.reply.at = replyStart;
      this.#failed(command, args, error);
    }
    // Counted when done, as redis-server does: CONFIG RESETSTAT counts itself, INFO does not show itself.
    this.processed++;
    command.calls++;
    if (timed) this.#took(command, args, session, (call.services.clock.monotonic() - started) * 1000);
    else if (call.reply.at - replyStart > LARGE_REPLY) command.repliedLargely();
    if (this.monitored && command.isMonitored) this.#hooks.ran(command, args, session);
    if (call.dirty !== dirty && !call.rewritten) this.#propagate(args, session.database, !outer);
    if (!outer && call.propagation.pending > 0) call.propagation.flush(command.row.anyKeys);
    if (session.tracking !== undefined && command.isReadonly) this.#hooks.tracked(session, command, args);
  }

  /** Times every command, or only those where it matters. */
  setPrecise(on: boolean): void {
    for (const command of this.#table.all()) command.timeAll(on);
  }

  #took(command: Command, args: Args, session: Session, micros: number): void {
    command.took(micros, this.call.services.settings.latencyTracking);
    if (micros >= this.slowMicros) this.#hooks.slow(command, args, session, micros);
  }

  /** Runs a command that MULTI queued. */
  runQueued(session: Session, args: Args): void {
    // For CLIENT LIST the client is still at its EXEC.
    const { lastCommand } = session;
    const command = this.#resolve(session, args);
    session.lastCommand = lastCommand;
    if (command === undefined) return;
    // The rules may have changed since the command was queued.
    const denial = session.user.unrestricted ? undefined : this.#hooks.denied(session, command, args);
    if (denial === undefined) this.run(session, command, args);
    else {
      this.countError(session, noMorePermission[denial.reason]);
      this.call.reply.error(noMorePermission[denial.reason]);
    }
  }

  /** Finds the command (and subcommand) and checks its arity; replies with the error and returns undefined otherwise. */
  #resolve(session: Session, args: Args): Command | undefined {
    let command = this.#table.find(args);
    session.lastCommand = command?.name ?? '';
    if (command === undefined) {
      if (args.is(0, 'post') || args.is(0, 'host:')) {
        this.#abort(session);
        return undefined;
      }
      this.#reject(session, undefined, unknownCommand(args));
      return undefined;
    }
    if (command.subcommands !== undefined) {
      if (args.count >= 2) {
        const sub = command.subcommands.get(args.text(1).toLowerCase());
        if (sub === undefined) {
          session.lastCommand = '';
          this.#reject(session, undefined, unknownSubcommand(args));
          return undefined;
        }
        command = sub;
        session.lastCommand = command.name;
      } else if (command.handler === undefined) {
        this.#reject(session, command, wrongArity(command.name));
        return undefined;
      }
    }
    if (!command.acceptsCount(args.count)) {
      this.#reject(session, command, wrongArity(command.name));
      return undefined;
    }
    return command;
  }

  /** Somebody makes a browser or a web service talk to us: nothing of what it sends may run, however harmless. */
  #abort(session: Session): void {
    session.closeNow = true;
    const { clock, log } = this.call.services;
    if (clock.monotonic() < this.#nextWarning) return;
    this.#nextWarning = clock.monotonic() + WARNING_PERIOD_MS;
    log.warning(
      `Possible SECURITY ATTACK detected: HTTP requests arrive here, perhaps through somebody's browser (cross protocol scripting). ` +
        `Connection from ${session.remoteAddress} aborted.`,
    );
  }

  /** Nothing stops the master's commands, but a replica that keeps its own limit evicts before them. */
  #asMaster(command: Command): undefined {
    if (command.isWrite && this.#gates.diskError !== undefined) this.#hooks.masterWriteUnsaved?.();
    if (this.#gates.memoryLimited) this.#gates.makeRoom();
    return undefined;
  }

  /** The first gate that refuses the command, in Redis's order. */
  #refusal(session: Session, command: Command, args: Args): ReplyError | undefined {
    const gates = this.#gates;
    if (command.protection !== undefined) {
      const refusal = protectedRefusal(session, command, command.protection, this.call.services.settings);
      if (refusal !== undefined) return refusal;
    }
    if (!session.authenticated && gates.authenticationRequired && !command.noAuth) return errors.noAuth;
    const transaction = session.transaction;
    if (transaction !== undefined && command.noMulti) return errors.notInMulti;
    if (!session.user.unrestricted) {
      const denial = this.#hooks.denied(session, command, args);
      if (denial !== undefined) return noPermission(denial, command);
    }
    // EXEC stands for everything that waits for it.
    const queue = transaction !== undefined && command.name === 'exec' ? transaction : undefined;
    if (gates.memoryLimited && !gates.makeRoom()) {
      // A queue grows without bound: what would join it is refused too while memory is short.
      const needsMemory =
        command.denyOom ||
        (transaction !== undefined && (queue === undefined ? !endsQueue(command.name) : queue.deniesOom));
      if (needsMemory) return errors.outOfMemory;
    }
    const writes = command.isWrite || queue?.writes === true;
    if (writes || command.name === 'ping') {
      const diskError = gates.diskError;
      if (diskError !== undefined) return diskError;
    }
    if (writes) {
      if (gates.notEnoughReplicas) return errors.noReplicas;
      if (gates.readonlyReplica) return errors.readonly;
    }
    if (session.class === 'pubsub' && session.resp === 2 && !worksWhileListening(command.name))
      return onlyListening(command.name);
    if ((!command.allowStale || queue?.deniesStale === true) && gates.masterDown) return errors.masterDown;
    if ((!command.allowLoading || queue?.deniesLoading === true) && gates.loading) return errors.loading;
    if (command.noAsyncLoading && gates.loadingAsync) return errors.loading;
    const follows = session.class === 'replica' || session.class === 'monitor';
    if (follows && (command.isWrite || command.isReadonly || command.mayReplicate)) return errors.replicaKeyspace;
    return undefined;
  }

  #mustWait(session: Session, command: Command): boolean {
    if (session.class === 'replica') return false;
    if (this.#gates.paused === 'all') return !(command.name === 'client|unpause' || command.name === 'client|pause');
    if (command.isWrite || command.mayReplicate) return true;
    const transaction = session.transaction;
    return command.name === 'exec' && transaction !== undefined && (transaction.writes || transaction.mayReplicate);
  }

  #reject(session: Session, command: Command | undefined, error: ReplyError): void {
    if (session.transaction !== undefined) session.transaction.aborted = true;
    if (command !== undefined) {
      command.rejected++;
      if (command.name === 'exec') {
        // A refused EXEC discards its transaction, as Redis does.
        session.transaction = undefined;
        this.call.services.keyEvents.unwatchAll(session);
        this.countError(session, error);
        this.call.reply.error(
          replyError(`EXECABORT Transaction discarded because of: ${error.text.replace(/^ERR /, '')}`),
        );
        return;
      }
    }
    this.countError(session, error);
    this.call.reply.error(error);
  }

  #failed(command: Command, args: Args, error: unknown): void {
    if (error instanceof ReplyError) {
      command.failed++;
      this.countError(this.call.session, error);
      this.call.reply.error(error);
      return;
    }
    if (error instanceof ArenaExhausted) {
      command.failed++;
      this.countError(this.call.session, errors.outOfMemory);
      this.call.reply.error(errors.outOfMemory);
      return;
    }
    const lengths = args.length.subarray(0, Math.min(args.count, REPORTED_ARGUMENTS_MAX));
    throw new CommandBug(command.name, [...lengths], error);
  }

  countError(session: Session, error: ReplyError): void {
    const counts = this.errorCounts;
    const code = counts.has(error.code) || counts.size < ERROR_CODES_MAX ? error.code : 'ERRORSTATS_OVERFLOW';
    counts.set(code, (counts.get(code) ?? 0) + 1);
    if (session.class === 'master') this.#hooks.masterCommandFailed?.(session, error);
    else if (session.class === 'replica') {
      // At most once a connection: a replica that gets an answer is disconnected.
      this.call.services.log.warning(
        `== CRITICAL == This master is sending an error to its replica: '${error.text}' after processing the command ` +
          `'${session.lastCommand || '<unknown>'}'`,
      );
    }
  }

  #propagate(args: Args, database: number, alone: boolean): void {
    const propagation = this.call.propagation;
    if (args.rawLength > 0) {
      propagation.verbatim(database, args.bytes, args.rawAt, args.rawLength, alone);
      return;
    }
    propagation.begin(database, args.count);
    for (let i = 0; i < args.count; i++) propagation.bytes(args.bytes, args.at[i]!, args.length[i]!);
  }
}

/** Commands that end a transaction, which is what helps when memory is short. */
function endsQueue(name: string): boolean {
  return name === 'exec' || name === 'discard' || name === 'quit' || name === 'reset';
}

/** In RESP2 nothing tells a reply from a message, so a client that listens may do nothing else. */
function worksWhileListening(name: string): boolean {
  return /^([ps]?(un)?subscribe|ping|quit|reset)$/.test(name);
}

function onlyListening(name: string): ReplyError {
  return replyError(
    `ERR Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
  );
}

/** Commands that MULTI does not queue. */
function runsInsideMulti(name: string): boolean {
  return endsQueue(name) || name === 'multi' || name === 'watch';
}
