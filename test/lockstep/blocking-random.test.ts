/**
 * Random commands of several clients, most of which wait for the others: who is served when, and with what, must be the same
 * on both servers, and so must the data. One command at a time, and the next when it is known who is blocked.
 */
import assert from 'node:assert/strict';
import { Seeded } from '../support/dataset.ts';
import { lockstep } from '../support/lockstep.ts';
import type { Both, Command } from '../support/lockstep.ts';
import type { RawClient } from '../support/raw-client.ts';
import { encodeCommand } from '../support/resp.ts';
import { waitFor } from '../support/wait.ts';

const CLIENTS = 6;
const STEPS = 250;

const names = ['a', 'b', 'c', 'd'];

/** One server: its clients, and what they have been told. */
class Side {
  readonly #watcher: RawClient;
  readonly #clients: readonly RawClient[];
  readonly #waiting: Set<number> = new Set();
  #told: string[] = [];

  constructor(watcher: RawClient, clients: readonly RawClient[]) {
    this.#watcher = watcher;
    this.#clients = clients;
  }

  waits(client: number): boolean {
    return this.#waiting.has(client);
  }

  /** Sends a command from one client; resolves to all replies that came because of it. */
  async step(client: number, command: Command): Promise<string[]> {
    this.#waiting.add(client);
    const connection = this.#clients[client]!;
    connection.send(encodeCommand(command));
    connection.reply().then(
      (reply) => {
        this.#told.push(`${client}: ${reply.toString('latin1')}`);
        this.#waiting.delete(client);
      },
      // At the end of the test some still wait.
      () => {},
    );
    // Either it was answered, or the server says that it waits; and whoever was served has been told.
    await waitFor(async () => (await this.#blocked()) === this.#waiting.size, {
      what: `${command.join(' ')} to be done`,
      intervalMs: 0,
    });
    return this.#told.splice(0).toSorted();
  }

  async #blocked(): Promise<number> {
    return Number(/blocked_clients:(\d+)/.exec(String(await this.#watcher.ok('INFO', 'clients')))![1]);
  }
}

/** Random commands. Three times in five such as wait. */
function randomCommand(random: Seeded): Command {
  const key = (): string => random.pick(names);
  const keys = (): string[] => Array.from({ length: 1 + random.below(3) }, key);
  const end = (): string => random.pick(['LEFT', 'RIGHT']);
  const extreme = (): string => random.pick(['MIN', 'MAX']);
  const count = (): string[] => (random.below(2) === 0 ? [] : ['COUNT', String(1 + random.below(4))]);
  const values = (): string[] => Array.from({ length: 1 + random.below(4) }, () => String(random.below(100)));
  const group = (): string => random.pick(['g', 'h']);
  const id = (): string => `${random.below(60)}-${random.below(60)}`;
  const counted = (): string[] => {
    const all = keys();
    return [String(all.length), ...all];
  };
  if (random.below(5) < 3)
    return random.pick<() => Command>([
      () => ['BLPOP', ...keys(), '0'],
      () => ['BRPOP', ...keys(), '0'],
      () => ['BLMOVE', key(), key(), end(), end(), '0'],
      () => ['BRPOPLPUSH', key(), key(), '0'],
      () => ['BLMPOP', '0', ...counted(), end(), ...count()],
      () => ['BZPOPMIN', ...keys(), '0'],
      () => ['BZPOPMAX', ...keys(), '0'],
      () => ['BZMPOP', '0', ...counted(), extreme(), ...count()],
      () => ['XREAD', ...count(), 'BLOCK', '0', 'STREAMS', key(), '$'],
      () => ['XREAD', 'BLOCK', '0', 'STREAMS', 'a', 'b', '$', id()],
      () => ['XREADGROUP', 'GROUP', group(), 'me', ...count(), 'BLOCK', '0', 'STREAMS', key(), '>'],
      () => ['XREADGROUP', 'GROUP', group(), 'me', 'NOACK', 'BLOCK', '0', 'STREAMS', 'c', 'd', '>', '>'],
    ])();
  return random.pick<() => Command>([
    () => ['RPUSH', key(), ...values()],
    () => ['LPUSH', key(), ...values()],
    () => ['ZADD', key(), ...values().flatMap((value) => [value, `m${value}`])],
    () => ['XADD', key(), id(), 'f', 'v'],
    () => ['XADD', key(), 'MAXLEN', '2', id(), 'f', 'v'],
    () => ['XGROUP', 'CREATE', key(), group(), random.pick(['0', '$']), 'MKSTREAM'],
    () => ['XGROUP', 'DESTROY', key(), group()],
    () => ['SET', key(), 'x'],
    () => ['DEL', key()],
    () => ['RENAME', key(), key()],
    () => ['COPY', key(), key(), 'REPLACE'],
    () => ['LMOVE', key(), key(), end(), end()],
    () => ['SORT', key(), 'BY', 'nothing', 'STORE', key()],
    () => ['ZRANGESTORE', key(), key(), '0', '-1'],
    () => ['SELECT', String(random.below(2))],
    () => ['SWAPDB', '0', '1'],
    () => ['MULTI'],
    () => ['EXEC'],
    () => ['EXEC'],
    () => (random.below(6) === 0 ? ['FLUSHALL'] : ['DBSIZE']),
  ])();
}

for (const seed of [1, 2, 3, 4, 5, 6])
  lockstep(`random clients that wait, seed ${seed}`, async (both) => {
    const random = new Seeded(seed);
    const clients: Both[] = [];
    // The last one never waits: it helps when all others do.
    for (let i = 0; i <= CLIENTS; i++) clients.push(await both.open());
    const redis = new Side(
      both.redis,
      clients.map((one) => one.redis),
    );
    const headwater = new Side(
      both.headwater,
      clients.map((one) => one.headwater),
    );
    for (let i = 0; i < STEPS; i++) {
      const free = clients.map((_, index) => index).filter((index) => index < CLIENTS && !redis.waits(index));
      const client = free.length === 0 ? CLIENTS : random.pick(free);
      const command = client === CLIENTS ? ['RPUSH', random.pick(names), '1', '2'] : randomCommand(random);
      const what = `step ${i}: client ${client}: ${command.join(' ')}`;
      const [theirs, ours] = await Promise.all([redis.step(client, command), headwater.step(client, command)]);
      assert.deepEqual(ours, theirs, what);
      for (const index of clients.keys())
        assert.equal(headwater.waits(index), redis.waits(index), `${what}: ${index} waits`);
    }
  });
