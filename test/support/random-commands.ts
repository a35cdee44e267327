/**
 * Random commands of all families, for running on two servers and comparing. One row a command: how its arguments are made,
 * and how its replies are compared. The same seed gives the same commands.
 *
 * Everything is such that equal servers stay equal: no random choice by the server that changes data, times that are far away
 * or long past, scores whose sums are exact.
 */
import type { Seeded } from './dataset.ts';
import type { RawClient } from './raw-client.ts';
import type { Argument, Reply } from './resp.ts';

/**
 * How two replies are compared: byte by byte, as arrays in any order, as field-value pairs in any order, by their types only, as
 * numbers a few seconds apart, or as cursor and elements in any order.
 */
export type Comparison = 'exact' | 'unordered' | 'pairs' | 'shape' | 'near' | 'scan' | 'scan pairs';

export interface RandomCommand {
  readonly words: readonly Argument[];
  readonly comparison: Comparison;
}

/** Values for RESTORE, as redis-server dumps them. */
export type Payloads = readonly Uint8Array[];

type Arguments = readonly (Argument | readonly Argument[])[];
type Row = readonly [comparison: Comparison, make: (m: Maker) => Arguments, weight?: number];

const FAR = 99_999_999_990_000;
/** First letters of keys: strings, numbers, HyperLogLogs, lists, sets, hashes, sorted sets, streams. */
const families = ['s', 'n', 'p', 'l', 't', 'h', 'z', 'x'] as const;
type Family = (typeof families)[number];

/** Makes arguments. */
class Maker {
  readonly random: Seeded;
  readonly payloads: Payloads;

  constructor(random: Seeded, payloads: Payloads) {
    this.random = random;
    this.payloads = payloads;
  }

  below(limit: number): number {
    return this.random.below(limit);
  }

  pick<T>(...choices: readonly T[]): T {
    return this.random.pick(choices);
  }

  /** Nothing, most often, or one of the options. */
  maybe(...options: readonly (readonly Argument[])[]): readonly Argument[] {
    return this.below(3) < 2 ? [] : this.random.pick(options);
  }

  times<T>(most: number, make: () => T): T[] {
    return Array.from({ length: 1 + this.below(most) }, make);
  }

  /** A key, which mostly has a value of the family's type. */
  key(family: Family): string {
    return `${this.below(6) === 0 ? this.pick(...families) : family}${this.below(3)}`;
  }

  anyKey(): string {
    return this.key(this.pick(...families));
  }

  /** How many keys, and the keys. */
  counted(family: Family): readonly Argument[] {
    const keys = this.times(3, () => this.key(family));
    return [keys.length, ...keys];
  }

  int(): number {
    return this.pick(0, 1, -1, 2, 5, 17, -300, this.below(1000), this.below(2 ** 31));
  }

  /** Near zero, on both sides. */
  index(): number {
    return this.below(24) - 12;
  }

  number(): string {
    return this.pick('0', '1', '-7', '42', String(this.below(100_000)), '9223372036854775806', '-9223372036854775807');
  }

  float(): string {
    return this.pick('0.5', '-2.25', '3', '1e2', '0.1', '-0.3', '1234567.875');
  }

  value(): string {
    return this.pick(
      this.number(),
      this.float(),
      this.random.text(8),
      this.random.text(40),
      'w'.repeat(this.below(90)),
      this.below(10) === 0 ? 'long'.repeat(this.below(3000)) : 'short',
    );
  }

  /** One of few. */
  member(): string {
    const i = this.below(40);
    return i % 3 === 0 ? String(i) : i === 1 ? 'm'.padEnd(70, 'x') : `m${i}`;
  }

  /** Mostly few; now and then so many that a compact encoding does not do. */
  members(): string[] {
    if (this.below(60) === 0) return Array.from({ length: 150 }, () => `many${this.below(400)}`);
    return this.times(5, () => this.member());
  }

  values(): string[] {
    if (this.below(60) === 0) return Array.from({ length: 200 }, () => this.value());
    return this.times(5, () => this.value());
  }

  score(): string {
    return this.pick(String(this.below(20)), String(this.below(4000) / 4), String(-this.below(50)), 'inf', '-inf');
  }

  finite(): string {
    return this.pick(String(this.below(20)), String(this.below(4000) / 4), String(-this.below(50)));
  }

  bound(): string {
    return this.pick('', '(') + this.score();
  }

  limit(): readonly Argument[] {
    return this.maybe(['LIMIT', this.below(4), this.below(8) - 2]);
  }

  lex(): string {
    return this.pick('-', '+', `[m${this.below(40)}`, `(m${this.below(40)}`, '[');
  }

  database(): number {
    return this.below(3);
  }

  /** An absolute time: far away or long past. Unix ms. */
  time(): number {
    return this.below(5) === 0 ? 1 : FAR + this.below(10_000);
  }

  seconds(): number {
    return Math.floor(this.time() / 1000) || 1;
  }

  relative(): number {
    return 100_000 * (1 + this.below(3));
  }

  end(): string {
    return this.pick('LEFT', 'RIGHT');
  }

  position(): readonly Argument[] {
    return [this.below(360) - 180, this.below(160) - 80];
  }

  streamId(): string {
    return `${1 + this.below(300)}-${this.below(3)}`;
  }

  group(): string {
    return this.pick('g1', 'g2');
  }
}

const rank = (m: Maker): Arguments => [m.index(), m.index()];
const byScore = (m: Maker): Arguments => [m.bound(), m.bound()];
const stored = (m: Maker): Arguments => [m.key('z'), m.counted('z'), weights(m)];
const weights = (m: Maker): readonly Argument[] => m.maybe(['AGGREGATE', m.pick('MIN', 'MAX', 'SUM')]);
const condition = (m: Maker): readonly Argument[] => m.maybe(['NX'], ['XX'], ['GT'], ['LT']);
const bitRange = (m: Maker): readonly Argument[] =>
  m.maybe([m.index(), m.index()], [m.index(), m.index(), m.pick('BIT', 'BYTE')]);
const circle = (m: Maker): readonly Argument[] =>
  m.pick(['BYRADIUS', m.below(9000), 'km'], ['BYBOX', m.below(9000), m.below(9000), 'km']);
const centre = (m: Maker): readonly Argument[] => m.pick(['FROMLONLAT', ...m.position()], ['FROMMEMBER', m.member()]);

/** By the command's name; a subcommand's is "container|sub". */
export const rows: { readonly [name: string]: Row } = {
  // Strings
  set: [
    'exact',
    (m) => [
      ...m.pick([m.key('s'), m.value()], [m.key('n'), m.number()]),
      m.maybe(
        ['NX'],
        ['XX'],
        ['GET'],
        ['KEEPTTL'],
        ['PXAT', m.time()],
        ['EX', m.relative()],
        ['XX', 'GET'],
        ['NX', 'PXAT', FAR],
      ),
    ],
    3,
  ],
  setnx: ['exact', (m) => [m.key('s'), m.value()]],
  setex: ['exact', (m) => [m.key('s'), m.pick(m.relative(), 0), m.value()]],
  psetex: ['exact', (m) => [m.key('s'), m.relative() * 1000, m.value()]],
  get: ['exact', (m) => [m.key('s')], 2],
  getset: ['exact', (m) => [m.key('s'), m.value()]],
  getdel: ['exact', (m) => [m.key('s')]],
  getex: [
    'exact',
    (m) => [m.key('s'), m.maybe(['PERSIST'], ['PXAT', m.time()], ['EXAT', m.seconds()], ['EX', m.relative()])],
  ],
  mget: ['exact', (m) => m.times(4, () => m.key('s'))],
  mset: ['exact', (m) => m.times(3, () => [m.key('s'), m.value()])],
  msetnx: ['exact', (m) => m.times(2, () => [m.key('s'), m.value()])],
  append: ['exact', (m) => [m.key('s'), m.value()]],
  setrange: ['exact', (m) => [m.key('s'), m.below(200), m.value()]],
  getrange: ['exact', (m) => [m.key('s'), m.index(), m.index()]],
  substr: ['exact', (m) => [m.key('s'), m.index(), m.index()]],
  strlen: ['exact', (m) => [m.key('s')]],
  lcs: [
    'exact',
    (m) => [m.key('s'), m.key('s'), m.maybe(['LEN'], ['IDX'], ['IDX', 'WITHMATCHLEN', 'MINMATCHLEN', m.below(4)])],
  ],
  incr: ['exact', (m) => [m.key('n')]],
  decr: ['exact', (m) => [m.key('n')]],
  incrby: ['exact', (m) => [m.key('n'), m.number()]],
  decrby: ['exact', (m) => [m.key('n'), m.number()]],
  incrbyfloat: ['exact', (m) => [m.key('n'), m.float()]],
  // Bits
  setbit: ['exact', (m) => [m.key('s'), m.below(300), m.below(2)]],
  getbit: ['exact', (m) => [m.key('s'), m.below(300)]],
  bitcount: ['exact', (m) => [m.key('s'), bitRange(m)]],
  bitpos: [
    'exact',
    (m) => [m.key('s'), m.below(2), m.maybe([m.index()], [m.index(), m.index(), m.pick('BIT', 'BYTE')])],
  ],
  bitop: [
    'exact',
    (m) =>
      m.pick<Arguments>(
        ['NOT', m.key('s'), m.key('s')],
        [m.pick('AND', 'OR', 'XOR'), m.key('s'), m.times(3, () => m.key('s'))],
      ),
  ],
  bitfield: [
    'exact',
    (m) => [
      m.key('s'),
      m.maybe(['OVERFLOW', m.pick('WRAP', 'SAT')]),
      m
        .times(2, () =>
          m.pick(
            ['GET', m.pick('u8', 'i5'), m.below(60)],
            ['SET', m.pick('u8', 'i33'), `#${m.below(8)}`, m.int()],
            ['INCRBY', 'u4', m.below(90), m.index()],
          ),
        )
        .flat(),
    ],
  ],
  bitfield_ro: ['exact', (m) => [m.key('s'), 'GET', m.pick('u8', 'i64', 'u63'), m.below(80)]],
  // HyperLogLog
  pfadd: ['exact', (m) => [m.key('p'), m.members()]],
  pfcount: ['exact', (m) => m.times(2, () => m.key('p'))],
  pfmerge: ['exact', (m) => m.times(3, () => m.key('p'))],
  // Keys
  del: ['exact', (m) => m.times(2, () => m.anyKey())],
  unlink: ['exact', (m) => [m.anyKey()]],
  exists: ['exact', (m) => m.times(3, () => m.anyKey())],
  touch: ['exact', (m) => m.times(3, () => m.anyKey())],
  type: ['exact', (m) => [m.anyKey()], 2],
  keys: ['unordered', (m) => [m.pick('*', 's*', '?1', '[lt]?')]],
  scan: ['scan', (m) => [0, 'COUNT', 1000, m.maybe(['TYPE', m.pick('list', 'zset', 'string')], ['MATCH', '*1'])]],
  dbsize: ['exact', () => []],
  rename: ['exact', (m) => [m.anyKey(), m.anyKey()]],
  renamenx: ['exact', (m) => [m.anyKey(), m.anyKey()]],
  copy: [
    'exact',
    (m) => [m.anyKey(), m.anyKey(), m.maybe(['REPLACE'], ['DB', m.database()], ['DB', m.database(), 'REPLACE'])],
  ],
  move: ['exact', (m) => [m.anyKey(), m.database()]],
  swapdb: ['exact', (m) => [m.database(), m.database()]],
  'object|refcount': ['shape', (m) => [m.anyKey()]],
  dump: ['shape', (m) => [m.anyKey()]],
  restore: [
    'exact',
    (m) => [
      m.anyKey(),
      m.pick(0, 0, m.relative() * 1000),
      m.random.pick(m.payloads),
      m.maybe(['REPLACE'], ['REPLACE']),
    ],
  ],
  'restore-asking': ['exact', (m) => [m.anyKey(), m.time(), m.random.pick(m.payloads), 'ABSTTL', m.maybe(['REPLACE'])]],
  sort: [
    'exact',
    (m) => [
      m.pick(m.key('l'), m.key('z')),
      m.maybe(['BY', 's*']),
      m.maybe(['LIMIT', m.below(3), m.below(5)]),
      m.maybe(['GET', 's*', 'GET', '#']),
      m.maybe(['DESC']),
      m.maybe(['STORE', m.key('l')]),
    ],
  ],
  sort_ro: ['exact', (m) => [m.pick(m.key('l'), m.key('t')), 'ALPHA', m.maybe(['LIMIT', m.below(3), m.below(5)])]],
  // Expiry
  expire: ['exact', (m) => [m.anyKey(), m.pick(m.relative(), -1), m.maybe(['NX'], ['XX'])]],
  pexpire: ['exact', (m) => [m.anyKey(), m.relative() * 1000, m.maybe(['NX'], ['XX'])]],
  expireat: ['exact', (m) => [m.anyKey(), m.seconds(), condition(m)]],
  pexpireat: ['exact', (m) => [m.anyKey(), m.time(), condition(m)]],
  persist: ['exact', (m) => [m.anyKey()]],
  ttl: ['near', (m) => [m.anyKey()]],
  pttl: ['near', (m) => [m.anyKey()]],
  expiretime: ['near', (m) => [m.anyKey()]],
  pexpiretime: ['near', (m) => [m.anyKey()]],
  // Lists
  lpush: ['exact', (m) => [m.key('l'), m.values()], 2],
  rpush: ['exact', (m) => [m.key('l'), m.values()], 2],
  lpushx: ['exact', (m) => [m.key('l'), m.values()]],
  rpushx: ['exact', (m) => [m.key('l'), m.values()]],
  lpop: ['exact', (m) => [m.key('l'), m.maybe([m.below(6)])]],
  rpop: ['exact', (m) => [m.key('l'), m.maybe([m.below(6)])]],
  llen: ['exact', (m) => [m.key('l')]],
  lindex: ['exact', (m) => [m.key('l'), m.index()]],
  lrange: ['exact', (m) => [m.key('l'), m.index(), m.index()], 2],
  lset: ['exact', (m) => [m.key('l'), m.index(), m.value()]],
  linsert: ['exact', (m) => [m.key('l'), m.pick('BEFORE', 'AFTER'), m.value(), m.value()]],
  lrem: ['exact', (m) => [m.key('l'), m.below(5) - 2, m.value()]],
  ltrim: ['exact', (m) => [m.key('l'), m.below(3), m.pick(-1, -2, 30)]],
  lpos: [
    'exact',
    (m) => [
      m.key('l'),
      m.value(),
      m.maybe(['RANK', m.pick(1, -1, 2)]),
      m.maybe(['COUNT', m.below(3)], ['MAXLEN', m.below(5)]),
    ],
  ],
  lmove: ['exact', (m) => [m.key('l'), m.key('l'), m.end(), m.end()]],
  rpoplpush: ['exact', (m) => [m.key('l'), m.key('l')]],
  lmpop: ['exact', (m) => [m.counted('l'), m.end(), m.maybe(['COUNT', 1 + m.below(4)])]],
  // Sets
  sadd: [
    'exact',
    (m) => [
      m.key('t'),
      m.pick(
        m.members(),
        m.times(5, () => String(m.below(30))),
      ),
    ],
    3,
  ],
  srem: ['exact', (m) => [m.key('t'), m.members()]],
  smove: ['exact', (m) => [m.key('t'), m.key('t'), m.member()]],
  scard: ['exact', (m) => [m.key('t')]],
  sismember: ['exact', (m) => [m.key('t'), m.member()]],
  smismember: ['exact', (m) => [m.key('t'), m.members()]],
  smembers: ['unordered', (m) => [m.key('t')]],
  spop: ['unordered', (m) => [m.key('t'), 1_000_000]],
  srandmember: ['shape', (m) => [m.key('t'), m.maybe([m.below(6)])]],
  sscan: ['scan', (m) => [m.key('t'), 0, 'COUNT', 10_000]],
  sinter: ['unordered', (m) => m.times(3, () => m.key('t'))],
  sunion: ['unordered', (m) => m.times(3, () => m.key('t'))],
  sdiff: ['unordered', (m) => m.times(3, () => m.key('t'))],
  sinterstore: ['exact', (m) => [m.key('t'), m.times(3, () => m.key('t'))]],
  sunionstore: ['exact', (m) => [m.key('t'), m.times(3, () => m.key('t'))]],
  sdiffstore: ['exact', (m) => [m.key('t'), m.times(3, () => m.key('t'))]],
  sintercard: ['exact', (m) => [m.counted('t'), m.maybe(['LIMIT', m.below(4)])]],
  // Hashes
  hset: ['exact', (m) => [m.key('h'), m.members().flatMap((field) => [field, m.value()])], 3],
  hmset: ['exact', (m) => [m.key('h'), m.members().flatMap((field) => [field, m.value()])]],
  hsetnx: ['exact', (m) => [m.key('h'), m.member(), m.value()]],
  hget: ['exact', (m) => [m.key('h'), m.member()]],
  hmget: ['exact', (m) => [m.key('h'), m.members()]],
  hexists: ['exact', (m) => [m.key('h'), m.member()]],
  hstrlen: ['exact', (m) => [m.key('h'), m.member()]],
  hlen: ['exact', (m) => [m.key('h')]],
  hdel: ['exact', (m) => [m.key('h'), m.members()]],
  hgetall: ['pairs', (m) => [m.key('h')]],
  hkeys: ['unordered', (m) => [m.key('h')]],
  hvals: ['unordered', (m) => [m.key('h')]],
  hincrby: ['exact', (m) => [m.key('h'), m.member(), m.number()]],
  hincrbyfloat: ['exact', (m) => [m.key('h'), m.member(), m.float()]],
  hrandfield: ['shape', (m) => [m.key('h'), m.maybe([m.below(6)], [m.below(6), 'WITHVALUES'])]],
  hscan: ['scan pairs', (m) => [m.key('h'), 0, 'COUNT', 10_000]],
  // Sorted sets
  zadd: [
    'exact',
    (m) => [
      m.key('z'),
      m.maybe(['NX'], ['XX', 'CH'], ['GT', 'CH'], ['LT']),
      m.members().flatMap((member) => [m.score(), member]),
    ],
    3,
  ],
  zincrby: ['exact', (m) => [m.key('z'), m.finite(), m.member()]],
  zrem: ['exact', (m) => [m.key('z'), m.members()]],
  zcard: ['exact', (m) => [m.key('z')]],
  zscore: ['exact', (m) => [m.key('z'), m.member()]],
  zmscore: ['exact', (m) => [m.key('z'), m.members()]],
  zrank: ['exact', (m) => [m.key('z'), m.member()]],
  zrevrank: ['exact', (m) => [m.key('z'), m.member()]],
  zcount: ['exact', (m) => [m.key('z'), byScore(m)].flat() as Arguments],
  zlexcount: ['exact', (m) => ['lex', m.lex(), m.lex()]],
  zrange: [
    'exact',
    (m) => [
      m.key('z'),
      m.pick([...rank(m)], [...byScore(m), 'BYSCORE'], [...byScore(m), 'BYSCORE', 'REV']) as Argument[],
      m.maybe(['WITHSCORES']),
    ],
    2,
  ],
  zrevrange: ['exact', (m) => [m.key('z'), ...rank(m), m.maybe(['WITHSCORES'])]],
  zrangebyscore: ['exact', (m) => [m.key('z'), ...byScore(m), m.maybe(['WITHSCORES']), m.limit()]],
  zrevrangebyscore: ['exact', (m) => [m.key('z'), ...byScore(m), m.maybe(['WITHSCORES']), m.limit()]],
  zrangebylex: ['exact', (m) => ['lex', m.lex(), m.lex(), m.limit()]],
  zrevrangebylex: ['exact', (m) => ['lex', m.lex(), m.lex(), m.limit()]],
  zrangestore: [
    'exact',
    (m) => [m.key('z'), m.key('z'), m.pick([...rank(m)], [...byScore(m), 'BYSCORE']) as Argument[]],
  ],
  zremrangebyrank: ['exact', (m) => [m.key('z'), m.below(20), m.below(20)]],
  zremrangebyscore: ['exact', (m) => [m.key('z'), `(${m.below(20)}`, m.below(20)]],
  zremrangebylex: ['exact', (m) => ['lex', m.lex(), m.lex()]],
  zpopmin: ['exact', (m) => [m.key('z'), m.maybe([m.below(4)])]],
  zpopmax: ['exact', (m) => [m.key('z'), m.maybe([m.below(4)])]],
  zmpop: ['exact', (m) => [m.counted('z'), m.pick('MIN', 'MAX'), m.maybe(['COUNT', 1 + m.below(4)])]],
  zrandmember: ['shape', (m) => [m.key('z'), m.maybe([m.below(6)], [m.below(6), 'WITHSCORES'])]],
  zscan: ['scan pairs', (m) => [m.key('z'), 0, 'COUNT', 10_000]],
  zunion: ['exact', (m) => [m.counted('z'), weights(m), m.maybe(['WITHSCORES'])]],
  zinter: ['exact', (m) => [m.counted('z'), weights(m), m.maybe(['WITHSCORES'])]],
  zdiff: ['exact', (m) => [m.counted('z'), m.maybe(['WITHSCORES'])]],
  zunionstore: ['exact', stored],
  zinterstore: ['exact', stored],
  zdiffstore: ['exact', (m) => [m.key('z'), m.counted('z')]],
  zintercard: ['exact', (m) => [m.counted('z'), m.maybe(['LIMIT', m.below(4)])]],
  // Geo
  geoadd: [
    'exact',
    (m) => [m.key('z'), m.maybe(['NX'], ['XX', 'CH']), m.times(3, () => [...m.position(), m.member()]).flat()],
  ],
  geodist: ['exact', (m) => ['geo', m.member(), m.member(), m.maybe(['km'], ['mi'])]],
  geohash: ['exact', (m) => ['geo', m.members()]],
  geopos: ['exact', (m) => ['geo', m.members()]],
  geosearch: ['unordered', (m) => ['geo', centre(m), circle(m), m.maybe(['WITHCOORD', 'WITHHASH'])]],
  geosearchstore: ['exact', (m) => [m.key('z'), 'geo', centre(m), circle(m)]],
  georadius: ['unordered', (m) => ['geo', ...m.position(), m.below(9000), 'km', m.maybe(['WITHHASH'])]],
  georadius_ro: ['unordered', (m) => ['geo', ...m.position(), m.below(9000), 'km']],
  georadiusbymember: ['exact', (m) => ['geo', m.member(), m.below(9000), 'km', 'STORE', m.key('z')]],
  georadiusbymember_ro: ['unordered', (m) => ['geo', m.member(), m.below(9000), 'km']],
  // Streams
  xadd: [
    'exact',
    (m) => [
      m.key('x'),
      m.maybe(['MAXLEN', m.below(20)], ['NOMKSTREAM']),
      m.streamId(),
      m.times(2, () => [m.member(), m.value()]).flat(),
    ],
    3,
  ],
  xdel: ['exact', (m) => [m.key('x'), m.times(3, () => m.streamId())]],
  xtrim: ['exact', (m) => [m.key('x'), m.pick(['MAXLEN', m.below(20)], ['MINID', m.streamId()])]],
  xlen: ['exact', (m) => [m.key('x')]],
  xrange: [
    'exact',
    (m) => [
      m.key('x'),
      m.pick('-', m.streamId(), `(${m.streamId()}`),
      m.pick('+', m.streamId()),
      m.maybe(['COUNT', m.below(5)]),
    ],
  ],
  xrevrange: [
    'exact',
    (m) => [m.key('x'), m.pick('+', m.streamId()), m.pick('-', m.streamId()), m.maybe(['COUNT', m.below(5)])],
  ],
  xread: ['exact', (m) => [m.maybe(['COUNT', m.below(5)]), 'STREAMS', m.key('x'), m.pick('0', m.streamId())]],
  xsetid: ['exact', (m) => [m.key('x'), `${300 + m.below(10)}-0`]],
  'xgroup|create': ['exact', (m) => [m.key('x'), m.group(), m.pick('0', '$', m.streamId()), m.maybe(['MKSTREAM'])]],
  'xgroup|setid': ['exact', (m) => [m.key('x'), m.group(), m.pick('0', m.streamId())]],
  'xgroup|destroy': ['exact', (m) => [m.key('x'), m.group()]],
  'xgroup|createconsumer': ['exact', (m) => [m.key('x'), m.group(), m.member()]],
  'xgroup|delconsumer': ['exact', (m) => [m.key('x'), m.group(), m.pick('c1', 'c2')]],
  xreadgroup: [
    'exact',
    (m) => [
      'GROUP',
      m.group(),
      m.pick('c1', 'c2'),
      m.maybe(['COUNT', m.below(5)]),
      m.maybe(['NOACK']),
      'STREAMS',
      m.key('x'),
      m.pick('>', '>', '0'),
    ],
  ],
  xack: ['exact', (m) => [m.key('x'), m.group(), m.times(3, () => m.streamId())]],
  xpending: ['exact', (m) => [m.key('x'), m.group()]],
  xclaim: [
    'exact',
    (m) => [m.key('x'), m.group(), m.pick('c1', 'c2'), 0, m.times(2, () => m.streamId()), m.maybe(['JUSTID'])],
  ],
  xautoclaim: [
    'exact',
    (m) => [
      m.key('x'),
      m.group(),
      m.pick('c1', 'c2'),
      0,
      m.pick('0', m.streamId()),
      m.maybe(['COUNT', 1 + m.below(5)]),
    ],
  ],
};

/** Commands that wait, which they do not inside of a transaction. */
const waiting: { readonly [name: string]: Row } = {
  blpop: ['exact', (m) => [m.times(2, () => m.key('l')), 0]],
  brpop: ['exact', (m) => [m.times(2, () => m.key('l')), 0]],
  blmove: ['exact', (m) => [m.key('l'), m.key('l'), m.end(), m.end(), 0]],
  brpoplpush: ['exact', (m) => [m.key('l'), m.key('l'), 0]],
  blmpop: ['exact', (m) => [0, m.counted('l'), m.end()]],
  bzpopmin: ['exact', (m) => [m.times(2, () => m.key('z')), 0]],
  bzpopmax: ['exact', (m) => [m.times(2, () => m.key('z')), 0]],
  bzmpop: ['exact', (m) => [0, m.counted('z'), m.pick('MIN', 'MAX')]],
};

/** Commands on data that have no row, and why. */
export const without: { readonly [name: string]: string } = {
  randomkey: 'its choice may delete a key past its time',
  flushall: 'the test does it itself',
  flushdb: 'the test does it itself',
  pfdebug: 'looks into the encoding',
  migrate: 'needs another server',
  lolwut: 'no data',
  eval_ro: 'scripting',
  evalsha_ro: 'scripting',
  fcall_ro: 'scripting',
  'function|delete': 'scripting',
  'function|flush': 'scripting',
  'function|load': 'scripting',
  'function|restore': 'scripting',
  'memory|usage': 'depends on the memory layout',
  'object|encoding': "sets and lists have 7.2's encodings",
  'object|freq': 'needs an LFU policy',
  'object|idletime': 'depends on the clock',
  'xinfo|stream': 'shows the layout',
  'xinfo|groups': 'compared in the tests of streams',
  'xinfo|consumers': 'depends on the clock',
};

/** Makes random commands: those of the table that both servers know. */
export class RandomCommands {
  readonly #maker: Maker;
  readonly #names: string[] = [];

  constructor(random: Seeded, payloads: Payloads, known: ReadonlySet<string>) {
    this.#maker = new Maker(random, payloads);
    for (const [name, [, , weight = 1]] of Object.entries(rows))
      if (known.has(name)) for (let i = 0; i < weight; i++) this.#names.push(name);
  }

  /** `inTransaction`: it will run inside EXEC. */
  next(inTransaction = false): RandomCommand {
    const { random } = this.#maker;
    const waits = inTransaction && random.below(8) === 0;
    const name = random.pick(waits ? Object.keys(waiting) : this.#names);
    const [comparison, make] = (waits ? waiting : rows)[name]!;
    const words: Argument[] = name.toUpperCase().split('|');
    for (const argument of make(this.#maker)) {
      if (Array.isArray(argument)) words.push(...(argument as Argument[]));
      else words.push(argument as Argument);
    }
    return { words, comparison };
  }
}

/** One value of each type and encoding, as redis-server dumps it. */
export async function payloads(redis: RawClient): Promise<Buffer[]> {
  const many = Array.from({ length: 200 }, (_, i) => `element ${i}`);
  for (const command of [
    ['SET', 'a', 'string'],
    ['SET', 'b', '12345'],
    ['RPUSH', 'c', '1', 'two', '3'],
    ['RPUSH', 'd', ...many],
    ['SADD', 'e', '1', '2', '300'],
    ['SADD', 'f', ...many],
    ['HSET', 'g', 'field', 'value', '1', '2'],
    ['HSET', 'h', ...many],
    ['ZADD', 'i', '1', 'a', '2.5', 'b'],
    ['ZADD', 'j', ...many.flatMap((member, i) => [String(i), member])],
    ['PFADD', 'k', 'x', 'y', 'z'],
    ['XADD', 'l', '5-1', 'field', 'value'],
    ['XADD', 'l', '7-1', 'other', 'value'],
    ['XGROUP', 'CREATE', 'l', 'g1', '0'],
    ['XREADGROUP', 'GROUP', 'g1', 'c1', 'COUNT', '1', 'STREAMS', 'l', '>'],
  ])
    await redis.ok(...command);
  const dumps: Buffer[] = [];
  for (const key of 'abcdefghijkl') {
    const raw = await redis.call('DUMP', key);
    dumps.push(Buffer.from(raw.subarray(raw.indexOf('\n') + 1, -2)));
  }
  await redis.ok('FLUSHALL');
  return dumps;
}

/** Geo commands and those by lexicographical order have keys of their own, which hold positions, and equal scores. */
export function filling(databases: readonly number[]): Argument[][] {
  const members = Array.from({ length: 40 }, (_, i) => `m${i}`);
  const commands: Argument[][] = databases.flatMap((index) => [
    ['SELECT', index],
    ['ZADD', 'lex', ...members.flatMap((member) => ['0', member])],
    ['GEOADD', 'geo', ...members.flatMap((member, i) => [(i * 37) % 180, (i * 17) % 80, member])],
  ]);
  return [...commands, ['SELECT', 0]];
}

/** Commands that read or write data at once. */
export async function dataCommands(client: RawClient): Promise<string[]> {
  const names: string[] = [];
  const visit = (table: readonly Reply[]): void => {
    for (const row of table as readonly (readonly Reply[])[]) {
      const flags = [...(row[2] as Iterable<string>)];
      const waits = flags.includes('blocking') && !String(row[0]).startsWith('xread');
      if ((flags.includes('write') || flags.includes('readonly')) && !waits) names.push(String(row[0]));
      if (row.length > 9) visit(row[9] as readonly Reply[]);
    }
  };
  visit((await client.ok('COMMAND')) as readonly Reply[]);
  return names;
}
