/** Random stream commands on both servers: the same replies all along, the same descriptions and digests at the end. */
import assert from 'node:assert/strict';
import { Seeded } from '../support/dataset.ts';
import { lockstep } from '../support/lockstep.ts';
import type { Both, Command } from '../support/lockstep.ts';
import { plainInfo } from '../support/streams.ts';

const COMMANDS = 2500;
const BATCH = 250;

const keys = ['a', 'b', 'c'];
const groups = ['g', 'h'];
const consumers = ['alice', 'bob', 'carol'];

class Generator {
  readonly #random: Seeded;
  #ms = 1;

  constructor(seed: number) {
    this.#random = new Seeded(seed);
  }

  next(): Command {
    const random = this.#random;
    const key = random.pick(keys);
    const group = random.pick(groups);
    const consumer = random.pick(consumers);
    switch (random.below(24)) {
      case 0:
        return ['XDEL', key, ...this.#ids(4)];
      case 1:
        return ['XTRIM', key, ...this.#trim()];
      case 2:
        return ['XADD', key, ...this.#trim(), this.#fresh(), 'f', random.text(10)];
      case 3:
        return ['XRANGE', key, this.#bound(), this.#bound(), 'COUNT', random.below(20)];
      case 4:
        return ['XREVRANGE', key, this.#bound(), this.#bound(), 'COUNT', random.below(20)];
      case 5:
        return ['XREAD', 'COUNT', random.below(5), 'STREAMS', ...keys, ...keys.map(() => this.#id())];
      case 6:
        return [
          'XGROUP',
          'CREATE',
          key,
          group,
          random.pick(['0', '$', this.#id()]),
          ...(random.below(2) ? ['MKSTREAM'] : []),
        ];
      case 7:
        return [
          'XGROUP',
          'SETID',
          key,
          group,
          random.pick(['0', '$', this.#id()]),
          ...(random.below(3) === 0 ? ['ENTRIESREAD', random.below(50)] : []),
        ];
      case 8:
        return random.below(6) === 0
          ? ['XGROUP', 'DESTROY', key, group]
          : ['XGROUP', 'CREATECONSUMER', key, group, consumer];
      case 9:
        return random.below(3) === 0 ? ['XGROUP', 'DELCONSUMER', key, group, consumer] : ['XLEN', key];
      case 10:
      case 11:
      case 12:
        return [
          'XREADGROUP',
          'GROUP',
          group,
          consumer,
          'COUNT',
          1 + random.below(12),
          ...(random.below(4) ? [] : ['NOACK']),
          'STREAMS',
          key,
          '>',
        ];
      case 13:
        return ['XREADGROUP', 'GROUP', group, consumer, 'COUNT', random.below(5), 'STREAMS', key, this.#id()];
      case 14:
        return ['XACK', key, group, ...this.#ids(8)];
      case 15:
        return ['XCLAIM', key, group, consumer, 0, ...this.#ids(4), ...this.#claimOptions()];
      case 16:
        return [
          'XAUTOCLAIM',
          key,
          group,
          consumer,
          0,
          this.#id(),
          'COUNT',
          1 + random.below(6),
          ...(random.below(2) ? ['JUSTID'] : []),
        ];
      case 17:
        return ['XPENDING', key, group];
      case 18:
        return random.below(4) === 0
          ? ['XSETID', key, this.#fresh(), 'ENTRIESADDED', random.below(500), 'MAXDELETEDID', this.#id()]
          : ['XINFO', 'GROUPS', key];
      case 19:
        return random.below(10) === 0 ? ['DEL', key] : ['XINFO', 'STREAM', key];
      case 20:
        return random.below(5) === 0
          ? ['COPY', key, random.pick(keys), 'REPLACE']
          : ['XREVRANGE', key, '+', '-', 'COUNT', 3];
      default:
        return ['XADD', key, this.#fresh(), ...this.#fields()];
    }
  }

  #fields(): (string | number)[] {
    const random = this.#random;
    if (random.below(4) === 0) return [random.text(5), random.text(200), 'n', random.below(1e9)];
    return ['field', random.below(2) ? random.text(20) : random.below(100_000), 'second', random.text(3)];
  }

  /** Above most of what was given out before. */
  #fresh(): string {
    const random = this.#random;
    this.#ms += random.below(3);
    return random.pick([`${this.#ms}-*`, `${this.#ms}-${random.below(9)}`, `${this.#ms + random.below(2)}`]);
  }

  #id(): string {
    const random = this.#random;
    const ms = Math.max(0, this.#ms - random.below(random.below(2) ? 60 : 10));
    return random.pick([`${ms}`, `${ms}-${random.below(9)}`, `${ms}-0`]);
  }

  #ids(most: number): string[] {
    return Array.from({ length: 1 + this.#random.below(most) }, () => this.#id());
  }

  #bound(): string {
    const random = this.#random;
    return random.pick(['-', '+', this.#id(), `(${this.#id()}`]);
  }

  #trim(): (string | number)[] {
    const random = this.#random;
    const sign = random.pick([[], ['='], ['~'], ['~']]);
    const limit = sign[0] === '~' && random.below(2) === 0 ? ['LIMIT', random.below(30)] : [];
    return random.below(2)
      ? ['MAXLEN', ...sign, 20 + random.below(60), ...limit]
      : ['MINID', ...sign, this.#id(), ...limit];
  }

  #claimOptions(): (string | number)[] {
    const random = this.#random;
    const options: (string | number)[] = [];
    if (random.below(2)) options.push('JUSTID');
    if (random.below(2)) options.push('FORCE');
    if (random.below(3) === 0) options.push('RETRYCOUNT', random.below(9));
    if (random.below(5) === 0) options.push('LASTID', this.#id());
    return options;
  }
}

async function compare(both: Both): Promise<void> {
  for (const key of keys) {
    const [theirs, ours] = await Promise.all(
      [both.redis, both.headwater].map((client) => client.call('XINFO', 'STREAM', key, 'FULL', 'COUNT', 0)),
    );
    if (theirs![0] === 45) assert.equal(ours!.toString(), theirs!.toString());
    else {
      const ask = ['XINFO', 'STREAM', key, 'FULL', 'COUNT', 0] as const;
      assert.deepEqual(plainInfo(await both.headwater.ok(...ask)), plainInfo(await both.redis.ok(...ask)));
    }
  }
  await both.digests();
}

for (const [seed, nodeEntries] of [
  [1, 5],
  [2, 17],
  [3, 100],
] as const) {
  lockstep(`random stream commands (seed ${seed}, nodes of ${nodeEntries} entries)`, async (both) => {
    await both('CONFIG', 'SET', 'stream-node-max-entries', nodeEntries);
    const generator = new Generator(seed);
    for (let i = 0; i < COMMANDS; i += BATCH) {
      await both.pipeline(Array.from({ length: BATCH }, () => generator.next()));
      await compare(both);
    }
    await both('DEBUG', 'RELOAD');
    await compare(both);
    await both('CONFIG', 'SET', 'stream-node-max-entries', 100);
  });
}
