/** Runs the commands of an append only file at start: as a master's stream, so no gate stops them and nobody is answered. */
import type { ReplyError } from '../base/errors.ts';
import type { AofReplay } from '../persistence/aof-load.ts';
import type { Session } from '../commands/session.ts';
import type { Args } from '../resp/args.ts';
import type { Store } from '../store/store.ts';
import { newMasterSession } from './master-session.ts';
import type { Server } from './server.ts';

export class ServerAofReplay implements AofReplay {
  readonly #server: Server;
  #session: Session;
  #replyStart = 0;

  constructor(server: Server) {
    this.#server = server;
    this.#session = newMasterSession(0, server.clock.now());
  }

  get inTransaction(): boolean {
    return this.#session.transaction !== undefined;
  }

  begin(): void {
    this.#session = newMasterSession(0, this.#server.clock.now());
  }

  enter(): void {
    const { store, clock, propagation, writer } = this.#server;
    store.space.now = clock.now();
    // Keys whose time has come wait for the DEL that follows, as on a replica.
    store.space.fromMaster = true;
    propagation.enabled = false;
    this.#replyStart = writer.at;
  }

  leave(): void {
    const { store, propagation, writer } = this.#server;
    store.space.fromMaster = false;
    propagation.enabled = true;
    writer.at = this.#replyStart;
  }

  run(args: Args): boolean {
    const { commands, executor, writer } = this.#server;
    if (commands.find(args) === undefined) return keepFunction(this.#server.store, args);
    executor.execute(this.#session, args);
    writer.at = this.#replyStart;
    return true;
  }

  /** Whether an error is one of the file's commands: it was right once, so the data may differ from what it was. */
  owns(session: Session): boolean {
    return session === this.#session;
  }

  failed(session: Session, error: ReplyError): void {
    this.#server.log.warning(
      `== CRITICAL == This server is sending an error to its AOF-loading-client: '${error.text}' after processing the ` +
        `command '${session.lastCommand || '<unknown>'}'`,
    );
  }
}

/**
 * Functions are kept, saved and passed on even where nothing runs them; so their commands are those of a file that is not
 * refused. False: it is another command.
 */
function keepFunction(store: Store, args: Args): boolean {
  if (!args.is(0, 'function')) return false;
  const last = args.count - 1;
  if (args.is(1, 'flush')) store.functions = [];
  else if (args.is(1, 'delete') && last === 2) store.functions = without(store, args.text(last));
  else if (args.is(1, 'load') && last >= 2) {
    const code = args.copy(last);
    store.functions = [...without(store, libraryName(code)), code];
  } else return false;
  return true;
}

function without(store: Store, name: string): readonly Uint8Array[] {
  return store.functions.filter((code) => libraryName(code) !== name);
}

/** A library's first line is "#!<engine> name=<name>". */
function libraryName(code: Uint8Array): string {
  const [line = ''] = Buffer.from(code).toString('latin1').split('\n', 1);
  return /\bname=(\S+)/i.exec(line)?.[1] ?? '';
}
