/** Runs the commands of an append only file at start: as a master's stream, so no gate stops them and nobody is answered. */
import type { ReplyError } from '../base/errors.ts';
import type { AofReplay } from '../persistence/aof-load.ts';
import type { Session } from '../commands/session.ts';
import type { Args } from '../resp/args.ts';
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
    if (commands.find(args) === undefined) return false;
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
