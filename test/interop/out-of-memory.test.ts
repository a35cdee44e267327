/**
 * Memory that ends: a write either succeeds or leaves everything as it was, and replicas hear nothing of it.
 *
 * What a command can ask for by its arguments is promised to it before its first change, so the first test refuses any
 * allocation of all other commands, and the second measures that no command takes more than it was promised.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Address,
  type Arena,
  ArenaExhausted,
  PAGE_BYTES,
  SEGMENT_BYTES,
  SMALL_MAX,
  MEDIUM_MAX,
} from '../../src/memory/arena.ts';
import { nodeWorld } from '../../src/io/node-world.ts';
import { installInfo } from '../../src/observability/info.ts';
import { Args } from '../../src/resp/args.ts';
import { Config } from '../../src/server/config/config.ts';
import { Server } from '../../src/server/server.ts';
import { roomFor } from '../../src/store/room.ts';
import { Seeded } from '../support/dataset.ts';
import { dataCommands, filling, payloads, RandomCommands } from '../support/random-commands.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { equalDigests, linkUp, sameOffset } from '../support/replication.ts';
import type { Argument } from '../support/resp.ts';

const SEED = 31;

/** A master in this process, so that the test can take its memory away. Values turn from small to large forms early. */
async function startMaster(): Promise<Server> {
  const world = nodeWorld({ log: { level: 'warning' } });
  const config = new Config({ cwd: '/', checkDirectory: () => undefined }, world.log);
  Object.assign(config.settings, {
    bind: ['127.0.0.1'],
    save: [],
    replDisklessSyncDelay: 0,
    enableDebugCommand: 'yes',
    hashMaxListpackEntries: 6,
    zsetMaxListpackEntries: 6,
    setMaxListpackEntries: 6,
    setMaxIntsetEntries: 6,
    listMaxListpackSize: 6,
    streamNodeMaxEntries: 5,
  });
  const server = new Server({ config, world });
  installInfo(server);
  await server.start(0);
  return server;
}

/** Commands that take memory for each of their arguments, and are promised it. */
const byArguments: ReadonlySet<string> = new Set(
  (
    'mset msetnx pfadd lpush rpush lpushx rpushx sadd hset hmset hsetnx hincrby hincrbyfloat hsetex hexpire hpexpire ' +
    'hexpireat hpexpireat hgetex zadd zincrby geoadd xclaim linsert lset incr decr incrby ' +
    'decrby incrbyfloat'
  ).split(' '),
);

/**
 * Lets the arena serve `allowed` more requests, of blocks and of promises, until the returned function is called. What comes
 * after the last promise is served. `promises`: how many a command asks for.
 */
function refuseAfter(arena: Arena, allowed: number, promises: number): () => void {
  let left = allowed;
  let promised = 0;
  const { alloc, ensure } = arena;
  const take = (): void => {
    if (promised < promises && left-- <= 0) throw new ArenaExhausted('the test says so');
  };
  arena.alloc = (bytes) => {
    take();
    return alloc.call(arena, bytes);
  };
  arena.ensure = (...what) => {
    take();
    promised++;
    ensure.call(arena, ...what);
    // Each promise is to be asked for.
    arena.sure = 0;
  };
  arena.sure = 0;
  return () => Object.assign(arena, { alloc, ensure });
}

/** Commands that ask for a promise themselves, when they have built what takes the place of something. */
const replacing: ReadonlySet<string> = new Set(
  (
    'rename renamenx copy restore restore-asking sort sunionstore sinterstore sdiffstore zunionstore zinterstore ' +
    'zdiffstore zrangestore geosearchstore georadius georadiusbymember'
  ).split(' '),
);

function promisesOf(name: string, needsRoom: boolean): number {
  if (replacing.has(name)) return needsRoom ? 2 : 1;
  // What takes memory by its arguments finds it; of other commands every request may be refused.
  return byArguments.has(name) && needsRoom ? 1 : Infinity;
}

/** Commands of Redis 7.4 and 8.0, which the other random commands do not have. */
function hashExpiry(random: Seeded): Argument[] {
  const key = `h${random.below(3)}`;
  const fields = Array.from({ length: 1 + random.below(5) }, () => `m${random.below(40)}`);
  const time = random.pick(['99999999999', '99999999', '0']);
  return random.pick<() => Argument[]>([
    () => ['HEXPIRE', key, time, 'FIELDS', fields.length, ...fields],
    () => ['HPERSIST', key, 'FIELDS', fields.length, ...fields],
    () => [
      'HGETEX',
      key,
      random.pick(['EX', 'PX']),
      time === '0' ? '1000000' : time,
      'FIELDS',
      fields.length,
      ...fields,
    ],
    () => ['HSETEX', key, 'EX', '99999999', 'FIELDS', fields.length, ...fields.flatMap((field) => [field, 'value'])],
    () => ['HGETDEL', key, 'FIELDS', fields.length, ...fields],
  ])();
}

/** Values, now and then large ones, under commands that take many. */
function large(random: Seeded): Argument[] {
  const size = random.pick([10, 60, 400, 3000, 9000, 70_000, 1_200_000]);
  const count = 1 + random.below(Math.max(2, Math.min(4000, 2_000_000 / size)));
  const values = Array.from({ length: count }, (_, i) =>
    `${i}:${random.below(10_000)}`.padEnd(random.below(size) + 1, 'v'),
  );
  const pairs = values.flatMap((value, i) => [random.pick([`f${i}`, value]), value]);
  const scored = values.flatMap((value) => [String(random.below(50)), value]);
  const key = `big${random.below(4)}`;
  return random.pick<() => Argument[]>([
    () => ['LPUSH', `l${key}`, ...values],
    () => ['RPUSH', `l${key}`, ...values],
    () => ['SADD', `s${key}`, ...values],
    () => ['SADD', `i${key}`, ...values.map((_, i) => String(random.below(3000) * i))],
    () => ['HSET', `h${key}`, ...pairs],
    () => ['ZADD', `z${key}`, ...scored],
    () => ['MSET', ...pairs],
    () => ['PFADD', `p${key}`, ...values],
    () => ['DEL', `l${key}`, `s${key}`, `h${key}`, `z${key}`, `p${key}`, `x${key}`, `i${key}`],
  ])();
}

void test(
  `a write whose allocation fails changes nothing, whichever it is, seed ${SEED}`,
  { timeout: 240_000 },
  async (t) => {
    const server = await startMaster();
    t.after(() => server.stop());
    const { space } = server.store;
    const { arena } = space;
    const replica = await startRedis();
    t.after(() => replica.stop());
    const master = await connectRaw(server.listeners.port);
    t.after(() => master.close());
    const follower = await connectRaw(replica.port);
    t.after(() => follower.close());
    const random = new Seeded(SEED);
    const commands = new RandomCommands(random, await payloads(follower), new Set(await dataCommands(follower)));
    await follower.ok('REPLICAOF', '127.0.0.1', server.listeners.port);
    await linkUp(follower);
    await master.ok('DEBUG', 'SET-ACTIVE-EXPIRE', 0);

    // What is made once and stays.
    for (const command of [['RPUSH', 'l', '1'], ['SORT', 'l', 'STORE', 'l'], ['FLUSHALL']]) await master.ok(...command);
    const { blocks } = arena;

    let failed = 0;
    for (let sent = 0; sent < 2000; sent++) {
      if (sent % 1000 === 0) for (const command of filling([0, 1])) await master.value(...command);
      const { words } = commands.next();
      const name = String(words[0]).toLowerCase();
      const promises = promisesOf(name, server.commands.originals.get(name)?.needsRoom === true);
      const before = await master.ok('DEBUG', 'DIGEST');
      for (let allowed = 0; ; allowed++) {
        const heal = refuseAfter(arena, allowed, promises);
        const reply = await master.call(...words);
        heal();
        if (!reply.toString('latin1').startsWith('-OOM')) break;
        failed++;
        assert.equal(
          await master.ok('DEBUG', 'DIGEST'),
          before,
          `${words.join(' ').slice(0, 200)} without allocation ${allowed}`,
        );
      }
      if (sent % 200 !== 199) continue;
      await sameOffset([master, follower]);
      await equalDigests([master, follower]);
    }
    assert.ok(failed > 100, `only ${failed} commands found no memory`);
    // Nothing has leaked: without data there is as little as at the beginning.
    await master.ok('FLUSHALL', 'SYNC');
    space.reclaimer.finish();
    assert.ok(arena.blocks <= blocks, `${arena.blocks - blocks} blocks are lost`);
  },
);

/** What one command takes: the most bytes of each size that were alive at a time and are new. */
class Meter {
  readonly #alive = new Map<Address, number>();
  readonly #now = new Map<number, number>();
  readonly #most = new Map<number, number>();
  readonly stop: () => void;

  constructor(arena: Arena) {
    const { alloc, free } = arena;
    arena.alloc = (bytes) => {
      const block = alloc.call(arena, bytes);
      this.#add(block, arena.capacity(block), 1);
      return block;
    };
    arena.free = (block) => {
      const size = this.#alive.get(block);
      if (size !== undefined) this.#add(block, size, -1);
      free.call(arena, block);
    };
    this.stop = () => Object.assign(arena, { alloc, free });
  }

  #add(block: Address, size: number, change: number): void {
    if (change > 0) this.#alive.set(block, size);
    else this.#alive.delete(block);
    const now = (this.#now.get(size) ?? 0) + change;
    this.#now.set(size, now);
    this.#most.set(size, Math.max(this.#most.get(size) ?? 0, now));
  }

  /** Pages and segments that this takes at most, and sizes of huge blocks in descending order. */
  get taken(): { readonly pages: number; readonly segments: number; readonly huge: readonly number[] } {
    let pages = 0;
    let segments = 0;
    const huge: number[] = [];
    for (const [size, most] of this.#most) {
      if (size <= SMALL_MAX) pages += Math.ceil(most / Math.floor(PAGE_BYTES / size));
      else if (size <= MEDIUM_MAX) segments += Math.ceil(most / Math.floor(SEGMENT_BYTES / size));
      else for (let i = 0; i < most; i++) huge.push(size);
    }
    return { pages, segments, huge: huge.sort((a, b) => b - a) };
  }
}

void test(`no command takes more than its arguments were promised, seed ${SEED}`, { timeout: 240_000 }, async (t) => {
  const server = await startMaster();
  t.after(() => server.stop());
  const { arena, settings } = server.store.space;
  const redis = await startRedis();
  t.after(() => redis.stop());
  const theirs = await connectRaw(redis.port);
  t.after(() => theirs.close());
  const master = await connectRaw(server.listeners.port);
  t.after(() => master.close());
  const random = new Seeded(SEED);
  const commands = new RandomCommands(random, [], byArguments);
  for (const command of filling([0, 1])) await master.value(...command);
  for (let sent = 0; sent < 2500; sent++) {
    const kind = random.below(10);
    const words = kind === 0 ? large(random) : kind === 1 ? hashExpiry(random) : commands.next().words;
    const args = new Args().assign(words.map((word) => (typeof word === 'number' ? String(word) : word)));
    const asked = {
      small: roomFor(Object.assign(args, { rawLength: 1 }), settings),
      exact: roomFor(Object.assign(args, { rawLength: 0 }), settings),
    };
    const meter = new Meter(arena);
    await master.call(...words);
    meter.stop();
    const { taken } = meter;
    const promised = args.bytes.length + args.count * 16 <= 16 * 1024 ? asked.small : asked.exact;
    const what = words.join(' ').slice(0, 80);
    assert.ok(taken.pages <= promised.pages, `${what} took ${taken.pages} pages, not ${promised.pages}`);
    assert.ok(taken.segments <= promised.segments, `${what} took ${taken.segments} segments, not ${promised.segments}`);
    const huge = [...promised.huge].sort((a, b) => b - a);
    for (const [i, size] of taken.huge.entries())
      assert.ok(size <= Math.ceil((huge[i] ?? 0) / 4096) * 4096, `${what} took a block of ${size}, not ${huge[i]}`);
  }
});

void test(
  `where the system has no more memory, writes are refused until keys are deleted, seed ${SEED}`,
  {
    timeout: 240_000,
  },
  async (t) => {
    const server = await startMaster();
    t.after(() => server.stop());
    const { space } = server.store;
    const { arena, reclaimer } = space;
    const redis = await startRedis();
    t.after(() => redis.stop());
    const theirs = await connectRaw(redis.port);
    t.after(() => theirs.close());
    const master = await connectRaw(server.listeners.port);
    t.after(() => master.close());
    const random = new Seeded(SEED);
    const commands = new RandomCommands(random, await payloads(theirs), new Set(await dataCommands(theirs)));
    await master.ok('SET', 'first', 'promise');
    arena.newBuffer = () => {
      throw new RangeError('the test says so');
    };
    // Somebody else has taken most of what is promised, but for little more than the next command needs.
    const ballast: Address[] = [];
    while (arena.room.segments > 15) ballast.push(arena.alloc(MEDIUM_MAX));
    let refused = 0;
    let done = 0;
    for (let sent = 0; sent < 800; sent++) {
      const words = random.below(3) === 0 ? large(random) : commands.next().words;
      const before = refused < 150 ? await master.ok('DEBUG', 'DIGEST') : '';
      const reply = await master.call(...words);
      if (reply.toString('latin1').startsWith('-OOM')) {
        refused++;
        if (before !== '') assert.equal(await master.ok('DEBUG', 'DIGEST'), before, words.join(' ').slice(0, 80));
      } else done++;
    }
    assert.ok(refused > 50 && done > 50, `${refused} commands were refused, ${done} not`);
    await master.ok('FLUSHALL', 'SYNC');
    for (const block of ballast) arena.free(block);
    reclaimer.finish();
    assert.equal(await master.ok('RPUSH', 'l', ...Array.from({ length: 1000 }, () => 'x'.repeat(500))), 1000);
  },
);
