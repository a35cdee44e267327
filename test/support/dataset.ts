/** Seeded data sets and write loads over all types: what replication and persistence tests fill servers with. */
import type { RawClient } from './raw-client.ts';

type Command = readonly (string | Buffer | number)[];

/** Small fast generator (mulberry32); the same seed gives the same data. */
export class Seeded {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Integer in [0, limit). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  text(maxLength: number): string {
    let text = '';
    const length = this.below(maxLength + 1);
    for (let i = 0; i < length; i++) text += String.fromCharCode(33 + this.below(90));
    return text;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i++) bytes[i] = this.below(256);
    return bytes;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

/** Commands per write of `fill`. */
const BATCH = 2000;

/** Sends commands in pipelined batches and fails on an error reply. */
export async function sendAll(client: RawClient, commands: Iterable<Command>): Promise<void> {
  let batch: Command[] = [];
  const send = async (): Promise<void> => {
    for (const reply of await client.pipeline(batch))
      if (reply[0] === 45) throw new Error(`the server refused: ${reply.toString('latin1')}`);
    batch = [];
  };
  for (const command of commands) {
    batch.push(command);
    if (batch.length >= BATCH) await send();
  }
  if (batch.length > 0) await send();
}

/**
 * `keys` keys spread over strings, lists, sets, hashes and sorted sets, with expiries (an hour ahead) on some, in the
 * selected database; plus a few big collections, streams with consumer groups, and, if asked, values of `bigBytes`.
 */
export function* dataset(seed: number, keys: number, bigBytes = 0): Generator<Command> {
  const random = new Seeded(seed);
  for (let i = 0; i < keys; i++) {
    const key = `${['s', 'l', 'e', 'h', 'z'][i % 5]}:${i}`;
    const count = 1 + random.below(4);
    const values = Array.from({ length: count }, () =>
      random.below(2) === 0 ? random.text(40) : `${random.below(1e6)}`,
    );
    switch (i % 5) {
      case 0:
        yield ['SET', key, random.below(3) === 0 ? random.below(2 ** 31) : random.text(90)];
        break;
      case 1:
        yield [random.pick(['RPUSH', 'LPUSH']), key, ...values];
        break;
      case 2:
        yield ['SADD', key, ...(random.below(2) === 0 ? values : values.map(() => random.below(100_000)))];
        break;
      case 3:
        yield ['HSET', key, ...values.flatMap((value, n) => [`f${n}`, value])];
        break;
      default:
        yield ['ZADD', key, ...values.flatMap((value) => [(random.below(20_000) - 10_000) / 8, value])];
    }
    if (random.below(10) === 0) yield ['PEXPIRE', key, 3_600_000 + random.below(1000)];
  }
  for (let n = 0; n < 4; n++) {
    const size = 2000 + random.below(3000);
    for (let at = 0; at < size; at += 100) {
      const part = Array.from({ length: 100 }, (_, i) => at + i);
      yield ['RPUSH', `big:list:${n}`, ...part.map(() => random.text(60))];
      yield ['SADD', `big:set:${n}`, ...part.map((i) => (n === 0 ? i * 7 : `member ${i} ${random.text(8)}`))];
      yield ['HSET', `big:hash:${n}`, ...part.flatMap((i) => [`field ${i}`, random.text(80)])];
      // Scores that every version of DEBUG DIGEST writes alike: 7.0 writes 17 digits of others, 7.2 as few as are needed.
      yield ['ZADD', `big:zset:${n}`, ...part.flatMap((i) => [random.below(1000) / 8, `member ${i}`])];
    }
  }
  yield* streams(random);
  if (bigBytes > 0) {
    const block = random.bytes(64 * 1024);
    const value = Buffer.concat(Array.from({ length: Math.ceil(bigBytes / block.length) }, () => block)).subarray(
      0,
      bigBytes,
    );
    yield ['SET', 'huge:string', value];
    // Values that do not lie behind their keys.
    yield ['SET', 'huge:first name', value];
    yield ['RENAME', 'huge:first name', 'huge:renamed'];
    yield ['SET', 'long:expiring', value.subarray(0, 5000)];
    yield ['PEXPIRE', 'long:expiring', 3_600_000];
    yield ['HSET', 'huge:hash', 'field', value];
    yield ['RPUSH', 'huge:list', 'small', value, 'small'];
  }
}

/** Streams of several nodes with gaps, and groups whose consumers have entries pending. */
function* streams(random: Seeded): Generator<Command> {
  for (let n = 0; n < 4; n++) {
    const key = `stream:${n}`;
    const size = 50 + random.below(400);
    const id = (i: number): string => `${1000 + Math.floor(i / 3)}-${i}`;
    for (let i = 1; i <= size; i++) {
      const fields = i % 6 === 0 ? ['other', random.text(20), 'b', i] : ['a', random.text(30), 'b', random.below(1e6)];
      yield ['XADD', key, id(i), ...fields];
    }
    for (const group of ['first', 'second']) {
      yield ['XGROUP', 'CREATE', key, group, id(random.below(20))];
      for (const consumer of ['alice', 'bob', 'alice'])
        yield ['XREADGROUP', 'GROUP', group, consumer, 'COUNT', 1 + random.below(40), 'STREAMS', key, '>'];
    }
    for (let i = 0; i < 20; i++) {
      yield ['XACK', key, 'first', id(random.below(size))];
      yield ['XDEL', key, id(random.below(size))];
    }
    yield ['XCLAIM', key, 'second', 'carol', 0, id(30), id(31), 'RETRYCOUNT', random.below(1000), 'FORCE', 'JUSTID'];
    yield ['XGROUP', 'CREATECONSUMER', key, 'first', 'idle'];
  }
  yield ['XGROUP', 'CREATE', 'stream:empty', 'g', '5-5', 'MKSTREAM'];
}

/** Keys of each type that `randomWrite` writes to, and the types that it gives a time to live. */
const NAMES = 60;
const MORTAL = ['s', 'l', 'e', 'h', 'z'];

/** The keys that may expire: asking for one that has expired makes an old server delete it. */
export const mortalKeys: readonly string[] = MORTAL.flatMap((type) =>
  Array.from({ length: NAMES }, (_, n) => `w:${type}:${n}`),
);

/** One random write on a small set of keys, so that values of every type grow, shrink, expire and vanish. */
export function randomWrite(random: Seeded): Command {
  const n = random.below(NAMES);
  const value = random.below(3) === 0 ? random.below(1000) : random.text(30);
  switch (random.below(29)) {
    case 0:
      return ['SET', `w:s:${n}`, value];
    case 1:
      return ['SET', `w:s:${n}`, value, 'PX', 20 + random.below(2000)];
    case 2:
      return ['APPEND', `w:s:${n}`, value];
    case 3:
      return ['INCRBY', `w:n:${n}`, random.below(1000) - 500];
    case 4:
      return ['INCRBYFLOAT', `w:n:${n}`, random.below(1000) / 16];
    case 5:
      return ['SETRANGE', `w:s:${n}`, random.below(50), value];
    case 6:
      return ['DEL', `w:${random.pick(['s', 'n', 'l', 'e', 'h', 'z', 'x'])}:${n}`];
    case 7:
      return ['EXPIRE', `w:${random.pick(MORTAL)}:${n}`, 1 + random.below(3)];
    case 8:
      return ['PERSIST', `w:${random.pick(MORTAL)}:${n}`];
    case 9:
      return ['LPUSH', `w:l:${n}`, value, random.text(10)];
    case 10:
      return ['RPUSH', `w:l:${n}`, value];
    case 11:
      return [random.pick(['LPOP', 'RPOP']), `w:l:${n}`];
    case 12:
      return ['LTRIM', `w:l:${n}`, 0, random.below(200)];
    case 13:
      return ['LMOVE', `w:l:${n}`, `w:l:${random.below(NAMES)}`, 'LEFT', 'RIGHT'];
    case 14:
      // From a bounded stock: unions of ever new members would grow without end.
      return ['SADD', `w:e:${n}`, `member ${random.below(2000)}`, random.below(50)];
    case 15:
      return ['SPOP', `w:e:${n}`];
    case 16:
      return ['SREM', `w:e:${n}`, random.below(50)];
    case 17:
      return ['SUNIONSTORE', `w:e:${n}`, `w:e:${random.below(NAMES)}`, `w:e:${random.below(NAMES)}`];
    case 18:
      return ['HSET', `w:h:${n}`, `f${random.below(200)}`, value];
    case 19:
      return ['HINCRBY', `w:hn:${n}`, `f${random.below(20)}`, random.below(100)];
    case 20:
      return ['HINCRBYFLOAT', `w:hn:${n}`, `f${random.below(20)}`, random.below(100) / 8];
    case 21:
      return ['HDEL', `w:h:${n}`, `f${random.below(200)}`];
    case 22:
      return ['ZADD', `w:z:${n}`, random.below(1000) / 4, `m${random.below(200)}`];
    case 23:
      return ['ZINCRBY', `w:z:${n}`, random.below(100) / 8 - 6, `m${random.below(200)}`];
    case 24:
      return [random.pick(['ZPOPMIN', 'ZPOPMAX']), `w:z:${n}`];
    case 25:
      return ['XADD', `w:x:${n}`, 'MAXLEN', random.pick(['=', '~']), 200, '*', 'f', value];
    case 26:
      return ['XADD', `w:x:${n}`, '*', 'f', value, `g${random.below(3)}`, random.text(10)];
    case 27:
      return ['XTRIM', `w:x:${n}`, 'MAXLEN', random.pick(['=', '~']), random.below(150)];
    default:
      return ['RENAME', `w:l:${n}`, `w:l:${random.below(NAMES)}`];
  }
}
