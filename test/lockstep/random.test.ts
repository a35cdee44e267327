/**
 * Long runs of random commands of all families, over few keys in three databases, alone and in transactions: every reply must
 * be redis-server's, and so must the data in the end. A run is repeated with its seed, which stands in the test's name;
 * other seeds: RANDOM_SEEDS="17 18" node --test build/test/lockstep/random.test.js
 */
import assert from 'node:assert/strict';
import { env } from 'node:process';
import { test } from 'node:test';
import { Seeded } from '../support/dataset.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { pairsOf, shapeOf, show, sortedElements, sortedPairs } from '../support/lockstep-compare.ts';
import { lockstep } from '../support/lockstep.ts';
import type { Both } from '../support/lockstep.ts';
import { dataCommands, filling, payloads, RandomCommands, rows, without } from '../support/random-commands.ts';
import type { Comparison, RandomCommand } from '../support/random-commands.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { decode, ReplyError, type Reply } from '../support/resp.ts';
import { equalStreams } from '../support/streams.ts';

const SEEDS = (env['RANDOM_SEEDS'] ?? '1 2 3 4 5 6').split(' ').map(Number);
/** Commands of one seed. */
const COMMANDS = 10_000;
/** Commands in one write. */
const BATCH = 250;
/** Batches between two looks at all data. */
const LOOK_EVERY = 8;
/** Times may differ by so many seconds, or ms. */
const NEAR = 30_000;
const DATABASES = [0, 1, 2];

for (const seed of SEEDS) {
  lockstep(`random commands of all families, seed ${seed}`, { resp: seed % 2 === 0 ? 3 : 2 }, async (both) => {
    const random = new Seeded(seed);
    const commands = new RandomCommands(random, await payloads(both.redis), await knownToBoth(both));
    // Else each server finds expired keys at its own pace.
    await both('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    for (const command of filling(DATABASES)) await both(...command);
    for (let batch = 0; batch * BATCH < COMMANDS; batch++) {
      const list: RandomCommand[] = [];
      while (list.length < BATCH) list.push(...next(random, commands));
      await compare(both, list, `seed ${seed}, batch ${batch}`);
      if (batch % LOOK_EVERY !== LOOK_EVERY - 1) continue;
      for (const index of DATABASES) {
        await both('SELECT', index);
        await both('DBSIZE');
      }
      await both.digests();
      await equalStreams([both.redis, both.headwater], DATABASES.length);
      if (random.below(2) === 0) await both(random.pick(['FLUSHALL', 'FLUSHDB']));
      for (const command of filling(DATABASES)) await both(...command);
    }
    await both('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
  });
}

/** A command, or sometimes a transaction, a change of the database, or something of WATCH. */
function next(random: Seeded, commands: RandomCommands): RandomCommand[] {
  const plain = (...words: readonly string[]): RandomCommand => ({ words, comparison: 'exact' });
  switch (random.below(60)) {
    case 0:
      return [plain('SELECT', String(random.pick(DATABASES)))];
    case 1:
      return [plain('WATCH', `s${random.below(3)}`, `l${random.below(3)}`)];
    case 2:
      return [plain(random.pick(['UNWATCH', 'DISCARD', 'EXEC', 'PING']))];
    case 3: {
      const queued = Array.from({ length: random.below(8) }, () => commands.next(true));
      return [plain('MULTI'), ...queued, plain(random.below(8) === 0 ? 'DISCARD' : 'EXEC')];
    }
    default:
      return [commands.next()];
  }
}

/** Runs the commands on both and compares. Inside a transaction the replies are those of EXEC. */
async function compare(both: Both, commands: readonly RandomCommand[], where: string): Promise<void> {
  const lines = commands.map(({ words }) => words);
  const [ours, theirs] = await Promise.all([both.headwater.pipeline(lines), both.redis.pipeline(lines)]);
  let queued: Comparison[] = [];
  for (const [i, { words, comparison }] of commands.entries()) {
    const context = (): string => {
      const keys = words.slice(1).map(String);
      const related = lines.slice(0, i).filter((line) => line.slice(1).some((word) => keys.includes(String(word))));
      const before = words[0] === 'EXEC' ? sinceWatch(lines.slice(0, i)) : related.slice(-12);
      const told = [...before, words].map((line) => line.map((word) => text(word)).join(' '));
      return `${where}, command ${i}; what matters before it:\n${told.join('\n')}\n`;
    };
    const [our, their] = [ours[i]!, theirs[i]!];
    if (their.toString('latin1') === '+QUEUED\r\n') {
      assert.equal(our.toString('latin1'), '+QUEUED\r\n', context());
      queued.push(comparison);
      continue;
    }
    if (words[0] === 'EXEC') {
      const [a, b] = [decode(our, 'latin1'), decode(their, 'latin1')];
      const inside = queued;
      queued = [];
      if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
        for (const [j, kind] of inside.entries())
          assert.equal(form(a[j]!, kind), form(b[j]!, kind), `${context()}reply ${j} of EXEC`);
        continue;
      }
    } else if (words[0] === 'MULTI' || words[0] === 'DISCARD') queued = [];
    if (our.equals(their)) continue;
    if (comparison === 'exact') assert.equal(our.toString('latin1'), their.toString('latin1'), context());
    else if (comparison === 'shape') assert.equal(shapeOf(our), shapeOf(their), context());
    else {
      const [a, b] = [decode(our, 'latin1'), decode(their, 'latin1')];
      if (comparison === 'near') assert.ok(near(a, b), `${context()}${show(a)} and ${show(b)}`);
      else assert.equal(form(a, comparison), form(b, comparison), context());
    }
  }
}

/** What may have to do with the outcome of an EXEC. */
function sinceWatch(lines: readonly RandomCommand['words'][]): readonly RandomCommand['words'][] {
  const watch = lines.findLastIndex((line) => line[0] === 'WATCH');
  return lines.slice(Math.max(watch, lines.length - 100));
}

/** A decoded reply as text that is the same for replies that count as equal. */
function form(reply: Reply, comparison: Comparison): string {
  if (reply instanceof ReplyError) return show(reply);
  switch (comparison) {
    case 'unordered':
      return show(sortedElements(reply));
    case 'pairs':
      return show(sortedPairs(pairsOf(reply)));
    case 'scan':
    case 'scan pairs': {
      const [cursor, elements] = reply as readonly [Reply, Reply];
      return show([cursor, comparison === 'scan' ? sortedElements(elements) : sortedPairs(pairsOf(elements))] as Reply);
    }
    case 'near':
      return typeof reply === 'number' ? String(Math.sign(reply)) : show(reply);
    case 'shape':
      return Array.isArray(reply) ? `array of ${reply.length}` : reply === null ? 'null' : typeof reply;
    default:
      return show(reply);
  }
}

function near(a: Reply, b: Reply): boolean {
  return typeof a === 'number' && typeof b === 'number' && a < 0 === b < 0 && Math.abs(a - b) <= NEAR;
}

function text(word: unknown): string {
  const all = word instanceof Uint8Array ? `<${word.length} bytes>` : String(word);
  return all.length > 100 ? `${all.slice(0, 100)}...(${all.length})` : all === '' ? '""' : all;
}

async function knownToBoth(both: Both): Promise<Set<string>> {
  const [theirs, ours] = await Promise.all([dataCommands(both.redis), dataCommands(both.headwater)]);
  return new Set(theirs.filter((name) => ours.includes(name)));
}

test('every command on data has a row of random arguments, or a reason why not', async () => {
  const [redis, headwater] = await Promise.all([startRedis(), startHeadwater()]);
  try {
    const clients = await Promise.all([redis, headwater].map(({ port }) => connectRaw(port)));
    const [theirs, ours] = await Promise.all(clients.map(dataCommands));
    const missing = theirs!.filter((name) => ours!.includes(name) && !(name in rows) && !(name in without));
    assert.deepEqual(missing, []);
    for (const client of clients) await client.close();
  } finally {
    await redis.stop();
    await headwater.stop();
  }
});
