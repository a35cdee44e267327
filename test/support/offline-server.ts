/**
 * A whole server without sockets and without time: commands go straight to its executor, and its clock moves when the test
 * says so. What runs by itself in a real one (expiry, resizing, reclaiming) runs when the test calls it.
 */
import type { Clock, Timer } from '../../src/base/ambient.ts';
import { Config } from '../../src/server/config/config.ts';
import { Server } from '../../src/server/server.ts';
import { Session } from '../../src/commands/session.ts';
import { nodeWorld } from '../../src/io/node-world.ts';
import { Args } from '../../src/resp/args.ts';
import { seededRandom } from './store.ts';

const START_MS = 1_700_000_000_000;

export class OfflineServer {
  readonly server: Server;
  readonly clock: StillClock = new StillClock();
  readonly #session: Session;
  readonly #args: Args = new Args();

  constructor(settings: Readonly<Record<string, unknown>> = {}, seed = 1) {
    const world = { ...nodeWorld({ log: { level: 'warning' } }), clock: this.clock, random: seededRandom(seed) };
    const config = new Config({ cwd: '/', checkDirectory: () => undefined }, world.log);
    Object.assign(config.settings, settings);
    this.server = new Server({ config, world });
    this.#session = new Session(1, this.clock.now());
    this.#session.authenticated = true;
    this.server.store.space.now = this.clock.now();
  }

  /** Runs a command and returns the first character of its reply. */
  run(...words: readonly (string | number)[]): string {
    const { executor, store } = this.server;
    const parts = words.map((word) => Buffer.from(String(word), 'latin1'));
    const args = this.#args;
    args.count = 0;
    args.bytes = Buffer.concat(parts);
    let at = 0;
    for (const part of parts) {
      args.add(at, part.length);
      at += part.length;
    }
    store.space.now = this.clock.now();
    executor.execute(this.#session, args);
    const { reply } = executor.call;
    const first = String.fromCharCode(reply.bytes[0]!);
    reply.at = 0;
    return first;
  }
}

/** Time that stands still until it is moved; timers never fire. */
export class StillClock implements Clock {
  #now = START_MS;

  move(milliseconds: number): void {
    this.#now += milliseconds;
  }

  now(): number {
    return this.#now;
  }

  nowMicros(): number {
    return this.#now * 1000;
  }

  monotonic(): number {
    return this.#now;
  }

  waited(): number {
    return 0;
  }

  after(): Timer {
    return { cancel: () => {} };
  }

  every(): Timer {
    return { cancel: () => {} };
  }

  soon(): void {}
}
