/**
 * The snapshot against a model: whatever commands do while it is written, in whatever slices, it decodes to exactly the data
 * as of its start. Limits are so small that a few hundred keys meet every mechanism: tables grow and (try to) shrink, values are
 * big, keys wait beside half-written values.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Span } from '../../src/base/span.ts';
import type { Address } from '../../src/memory/arena.ts';
import { digestValue } from '../../src/store/digest.ts';
import { makeId } from '../../src/store/stream-id.ts';
import { ADDED, FIRST_ID, LAST_ID, LENGTH, MAX_DELETED_ID } from '../../src/store/stream-parts.ts';
import { LONG_VALUE_BYTES, TYPE_LIST, TYPE_SET, TYPE_STREAM, TYPE_STRING, TYPE_ZSET } from '../../src/store/entry.ts';
import type { Store } from '../../src/store/store.ts';
import { type SnapshotLimits, snapshotLimits } from '../../src/snapshot/limits.ts';
import { Walk } from '../../src/snapshot/walk.ts';
import { Seeded } from '../support/dataset.ts';
import { OfflineServer } from '../support/offline-server.ts';
import { makeStore } from '../support/store.ts';
import { loadStore } from '../support/store-rdb.ts';

const SERVERS = 50;
const SNAPSHOTS = 40;

const limits: SnapshotLimits = {
  ...snapshotLimits,
  stepItems: 4,
  bigElements: 12,
  bigTableBytes: 400,
  bigNodes: 1,
  bigStringBytes: 40,
  packedStringBytes: 250,
  pieceBytes: 100,
  chunkBytes: 512,
};

const settings = {
  save: [],
  databases: 4,
  hashMaxListpackEntries: 3,
  setMaxIntsetEntries: 4,
  setMaxListpackEntries: 3,
  zsetMaxListpackEntries: 3,
  listMaxListpackSize: 3,
  streamNodeMaxEntries: 4,
};

/** Every key with its database, type, expiry and value, as text in order. */
function contents(store: Store): string[] {
  const { entries } = store;
  const span = new Span();
  const lines: string[] = [];
  for (const db of store.space.databases)
    db.forEach((entry) => {
      const key = text(entries.key(entry, span));
      lines.push(`${db.index} ${key} ${entries.expiry(entry)} ${value(store, entry)}`);
    });
  return lines.toSorted();
}

function value(store: Store, entry: Address): string {
  const parts: string[] = [];
  const slice = (bytes: Uint8Array, at: number, length: number): string => text({ bytes, at, length });
  switch (store.entries.type(entry)) {
    case TYPE_STRING:
      return `string ${text(store.entries.value(entry, new Span()))}`;
    case TYPE_LIST:
      store.lists.forEach(entry, (...range) => void parts.push(slice(...range)));
      return `list ${parts.join(' ')}`;
    case TYPE_SET:
      store.sets.forEach(entry, (...range) => void parts.push(slice(...range)));
      return `set ${parts.toSorted().join(' ')}`;
    case TYPE_ZSET:
      store.zsets.forEach(entry, (bytes, at, length, score) => {
        parts.push(`${slice(bytes, at, length)}=${score}`);
      });
      return `zset ${parts.join(' ')}`;
    case TYPE_STREAM:
      return `stream ${digestValue(store, entry)} ${streamFacts(store, store.entries.ref(entry))}`;
    default:
      store.hashes.forEach(
        entry,
        (field, fieldAt, fieldLength, bytes, at, length, expiry) => {
          parts.push(`${slice(field, fieldAt, fieldLength)}=${slice(bytes, at, length)}@${expiry}`);
        },
        true,
      );
      return `hash ${parts.toSorted().join(' ')}`;
  }
}

/** All of a stream but its entries: counters, and groups with their consumers and what is pending. */
function streamFacts({ streams }: Store, root: Address): string {
  const { groups } = streams;
  const id = makeId();
  const span = new Span();
  const parts: string[] = [];
  for (const which of [LAST_ID, FIRST_ID, MAX_DELETED_ID]) parts.push(String(streams.readId(root, which, id)));
  for (const which of [LENGTH, ADDED]) parts.push(String(streams.readCounter(root, which)));
  parts.push(`${streams.nodeCount(root)} nodes`);
  groups.forEachGroup(root, (group) => {
    parts.push(
      `group ${text(groups.groupName(group, span))} ${String(groups.lastId(group, id))} ${groups.entriesRead(group)}`,
    );
    groups.forEachPending(group, (pending) => {
      const owner = text(groups.consumerName(pending.consumer, span));
      parts.push(`${String(pending.id)}@${pending.time}*${pending.count}:${owner}`);
    });
    groups.forEachConsumer(group, (consumer) => {
      parts.push(`consumer ${text(groups.consumerName(consumer, span))} ${groups.seen(consumer)}`);
      groups.forEachOwned(consumer, (owned) => void parts.push(String(owned)));
    });
  });
  return parts.join(' ');
}

function text({ bytes, at, length }: { bytes: Uint8Array; at: number; length: number }): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('latin1');
}

type Family = 'any' | 'string' | 'list' | 'hash' | 'set' | 'zset' | 'stream';

/** Random commands over few keys, so that they meet the same values again and again. */
class Writer {
  /** Most commands are of this family, on these keys: so many come together at one value while it is being written. */
  family: Family = 'any';
  focus: readonly string[] = [];
  readonly #subject: OfflineServer;
  readonly #random: Seeded;
  readonly #keys: number;
  #lastId = 0;

  constructor(subject: OfflineServer, random: Seeded, keys: number) {
    this.#subject = subject;
    this.#random = random;
    this.#keys = keys;
  }

  /** For the next snapshot. */
  turnTo(): void {
    const random = this.#random;
    this.family = random.pick([
      'any',
      'any',
      'string',
      'list',
      'list',
      'hash',
      'set',
      'zset',
      'stream',
      'stream',
    ] as const);
    this.focus = Array.from({ length: 1 + random.below(3) }, () => `k${random.below(this.#keys)}`);
  }

  #key(): string {
    if (this.focus.length > 0 && this.#random.below(3) > 0) return this.#random.pick(this.focus);
    return `k${this.#random.below(this.#keys)}`;
  }

  #element(): string {
    const random = this.#random;
    if (random.below(4) === 0) return String(random.below(60));
    return `e${random.below(60)}${random.below(12) === 0 ? 'x'.repeat(random.below(90)) : ''}`;
  }

  #elements(): string[] {
    const count = this.#random.below(3) === 0 ? 1 + this.#random.below(40) : 1 + this.#random.below(3);
    return Array.from({ length: count }, () => this.#element());
  }

  #fields(): (string | number)[] {
    const fields = this.#elements();
    return ['FIELDS', fields.length, ...fields];
  }

  #pairs(scores: boolean): (string | number)[] {
    return this.#elements().flatMap((one) => (scores ? [this.#random.below(20) - 5, one] : [one, this.#element()]));
  }

  /** One command, or a burst that makes tables grow or shrink. */
  write(): void {
    const subject = this.#subject;
    const random = this.#random;
    const run = (...words: readonly (string | number)[]): void => void subject.run(...words);
    const key = this.#key();
    const other = this.#key();
    const n = random.below(30);
    const time = subject.clock.now();
    const commands: { readonly [F in Family]: readonly (() => void)[] } = {
      string: [
        () => run('SET', key, this.#element().repeat(1 + random.below(30))),
        () => run('SET', key, this.#element(), 'PX', 1 + random.below(100)),
        () => run('SET', key, this.#element(), 'KEEPTTL'),
        () => run('SETRANGE', key, random.below(120), this.#element()),
        () => run('APPEND', key, this.#element()),
        () => run('INCRBY', key, n),
        () => run('GETEX', key, 'PX', 1 + random.below(200)),
        () => run('GETDEL', key),
        () => run('SETBIT', key, random.below(500), 1),
        () => run('BITOP', 'OR', key, other, this.#key()),
        () => run('BITFIELD', key, 'INCRBY', 'u8', random.below(100), n),
        () => run('PFADD', key, ...this.#elements()),
        () => run('PFMERGE', key, other),
        () => run('GET', key),
        // Long strings stay where they are when they get another key, another database or an expiry.
        () => run('SET', key, this.#element().repeat(2000)),
        () => run('SETRANGE', key, random.below(2 * LONG_VALUE_BYTES), this.#element()),
        () => run('RENAME', key, other),
        () => run('MOVE', key, random.below(4)),
        () => run('COPY', key, other, 'REPLACE'),
        () => run('PERSIST', key),
        // It changes in a database that may be no part of the snapshot.
        () => {
          const from = random.below(3);
          run('SELECT', 3);
          run('FLUSHDB');
          run('SELECT', from);
          run('MOVE', key, 3);
          run('SELECT', 3);
          run('SETRANGE', key, random.below(20), 'changed');
          run('MOVE', key, from);
          run('SELECT', from);
        },
      ],
      list: [
        () => run('RPUSH', key, ...this.#elements()),
        () => run('LPUSH', key, ...this.#elements()),
        () => run('LPOP', key, 1 + random.below(5)),
        () => run('RPOP', key, 1 + random.below(5)),
        () => run('LSET', key, n - 10, this.#element()),
        () => run('LINSERT', key, 'BEFORE', this.#element(), this.#element()),
        () => run('LINSERT', key, 'AFTER', this.#element(), this.#element()),
        () => run('LREM', key, random.below(5) - 2, this.#element()),
        () => run('LTRIM', key, random.below(4), -1 - random.below(4)),
        () => run('LMOVE', key, other, 'LEFT', 'RIGHT'),
        () => run('LMOVE', key, key, 'RIGHT', 'LEFT'),
        () => run('LRANGE', key, 0, -1),
        () =>
          run(
            random.pick(['LPUSH', 'RPUSH']),
            key,
            ...Array.from({ length: 40 }, () => 'long'.repeat(random.below(60))),
          ),
        () => run('LSET', key, random.below(60), 'x'.repeat(random.below(300))),
        () =>
          run('LINSERT', key, random.pick(['BEFORE', 'AFTER']), `pivot${random.below(9)}`, `pivot${random.below(9)}`),
        () => run('RPUSH', key, `pivot${random.below(9)}`),
        () => run('LPOP', key),
      ],
      hash: [
        () => run('HSET', key, ...this.#pairs(false)),
        () => run('HSET', key, ...this.#pairs(false)),
        () => run('HINCRBY', key, this.#element(), n),
        () => run('HDEL', key, ...this.#elements()),
        () => run('HSETNX', key, this.#element(), this.#element()),
        () => run('HPEXPIRE', key, random.below(200), ...this.#fields()),
        () => run('HPEXPIRE', key, random.below(200), ...this.#fields()),
        () => run('HPERSIST', key, ...this.#fields()),
        () => run('HSETEX', key, 'PX', 1 + random.below(100), 'FIELDS', 1, this.#element(), this.#element()),
        () => run('HINCRBYFLOAT', key, this.#element(), n),
        () => run('HGETDEL', key, ...this.#fields()),
        () => run('HGETALL', key),
        () => run('HSET', key, ...Array.from({ length: 60 }, (_, i) => [`e${i}`, random.below(9)]).flat()),
      ],
      set: [
        () => run('SADD', key, ...this.#elements()),
        () => run('SADD', key, ...this.#elements()),
        () => run('SREM', key, ...this.#elements()),
        () => run('SPOP', key, random.below(8)),
        () => run('SMOVE', key, other, this.#element()),
        () => run('SUNIONSTORE', key, other, this.#key()),
        () => run('SDIFFSTORE', key, other, this.#key()),
        () => run('SRANDMEMBER', key, 3),
      ],
      zset: [
        () => run('ZADD', key, ...this.#pairs(true)),
        () => run('ZADD', key, ...this.#pairs(true)),
        () => run('ZINCRBY', key, n, this.#element()),
        () => run('ZREM', key, ...this.#elements()),
        () => run('ZPOPMIN', key, random.below(6)),
        () => run('ZREMRANGEBYRANK', key, random.below(3), random.below(10)),
        () => run('ZREMRANGEBYSCORE', key, n - 20, n - 15),
        () => run('ZUNIONSTORE', key, 2, other, this.#key()),
        () => run('ZRANGESTORE', key, other, 0, n),
        () => run('GEOADD', key, random.below(90), random.below(80), this.#element()),
      ],
      stream: this.#streamCommands(key, run),
      any: [
        () => run('SORT', other, 'ALPHA', 'STORE', key),
        () => run('DEL', key),
        () => run('UNLINK', key, other),
        () => run('RENAME', key, other),
        () => run('RENAMENX', key, other),
        () => run('COPY', key, other, 'REPLACE'),
        () => run('COPY', key, other, 'DB', random.below(4)),
        () => run('MOVE', key, random.below(4)),
        () => run('PEXPIRE', key, random.below(100)),
        () => run('PEXPIREAT', key, time + random.below(300)),
        () => run('PERSIST', key),
        () => random.below(20) === 0 && run('XADD', key, '*', ...this.#pairs(false)),
        () => run('XTRIM', key, 'MAXLEN', random.below(9)),
        () => run('XGROUP', 'CREATE', key, `group${random.below(3)}`, '$', 'MKSTREAM'),
        () => run('XREADGROUP', 'GROUP', `group${random.below(3)}`, 'consumer', 'STREAMS', key, '>'),
        // A full sync of our own master takes the place of everything.
        () => random.below(20) === 0 && this.#adopt(),
        () => run('SELECT', random.below(3)),
        () => run('RANDOMKEY'),
      ],
    };
    const all = Object.values(commands).flat();
    const rare = random.below(60);
    if (rare === 0) run('SWAPDB', random.below(4), random.below(4));
    else if (rare === 1 && random.below(3) === 0) run('FLUSHDB', random.pick(['SYNC', 'ASYNC']));
    else if (rare === 2 && random.below(4) === 0) run('FLUSHALL', random.pick(['SYNC', 'ASYNC']));
    else if (rare === 3) for (let i = 0; i < 150; i++) run('SET', `grow${random.below(900)}`, i);
    else if (rare === 4) for (let i = 0; i < 900; i++) run('DEL', `grow${i}`);
    else if (rare === 5) run('HSET', key, ...Array.from({ length: 200 }, (_, i) => [`grow${i}`, i]).flat());
    else if (rare === 6) run('HDEL', key, ...Array.from({ length: 200 }, (_, i) => `grow${i}`));
    else if (rare === 7)
      run(random.pick(['LPUSH', 'RPUSH']), key, ...Array.from({ length: 40 }, () => 'long'.repeat(50)));
    else if (rare === 8) run('HPEXPIRE', key, 200, 'FIELDS', 100, ...Array.from({ length: 100 }, (_, i) => `grow${i}`));
    else random.pick(random.below(4) === 0 ? all : commands[this.family])();
  }

  /** Ids are near the last one, so that commands meet the same entries; consumers come and go. */
  #streamCommands(key: string, run: (...words: readonly (string | number)[]) => void): readonly (() => void)[] {
    const random = this.#random;
    const id = (): string => `${Math.max(1, this.#lastId - random.below(60))}-0`;
    const group = `g${random.below(7)}`;
    const consumer = `c${random.below(5)}`;
    const ids = (): string[] => Array.from({ length: 1 + random.below(20) }, id);
    const values = (): string[] => ['f', 'v'.repeat(random.below(40)), ...(random.below(4) === 0 ? ['g', 'w'] : [])];
    const add = (count: number): void => {
      for (let i = 0; i < count; i++) run('XADD', key, `${(this.#lastId += 1 + random.below(2))}-*`, ...values());
    };
    // Ids are turned back, which takes an empty end.
    const again = (): void => {
      run('XTRIM', key, 'MAXLEN', random.below(2) * 8);
      for (let i = 0; i < 20; i++) run('XDEL', key, `${this.#lastId - i}-0`);
      run('XSETID', key, `${(this.#lastId = Math.max(1, this.#lastId - 30))}-0`);
      add(20);
    };
    const read = (): void =>
      run('XREADGROUP', 'GROUP', group, consumer, 'COUNT', 1 + random.below(30), 'STREAMS', key, '>');
    return [
      () => add(20),
      () => add(40),
      () => add(1),
      again,
      () => run('XADD', key, 'MAXLEN', '~', random.below(30), `${++this.#lastId}-0`, ...values()),
      () => run('XDEL', key, ...ids()),
      () => run('XDEL', key, ...ids()),
      () => run('XDEL', key, id()),
      () => run('XTRIM', key, 'MAXLEN', random.below(20)),
      () => run('XTRIM', key, 'MINID', random.pick(['~', '=']), id()),
      () => run('XSETID', key, `${this.#lastId + random.below(3)}-0`),
      () => run('XGROUP', 'CREATE', key, group, random.pick(['0', '$', id()]), 'MKSTREAM'),
      () => run('XGROUP', 'CREATE', key, group, '0'),
      () => run('XGROUP', 'SETID', key, group, id()),
      () => run('XGROUP', 'SETID', key, group, '0'),
      () => random.below(4) === 0 && run('XGROUP', 'DESTROY', key, group),
      () => run('XGROUP', 'CREATECONSUMER', key, group, consumer),
      () => random.below(2) === 0 && run('XGROUP', 'DELCONSUMER', key, group, consumer),
      read,
      read,
      read,
      () => run('XREADGROUP', 'GROUP', group, consumer, 'STREAMS', key, id()),
      () => run('XREADGROUP', 'GROUP', group, consumer, 'NOACK', 'COUNT', 3, 'STREAMS', key, '>'),
      () => run('XACK', key, group, ...ids()),
      () => run('XACK', key, group, id()),
      () => run('XCLAIM', key, group, consumer, 0, ...ids()),
      () => run('XCLAIM', key, group, consumer, 0, ...ids(), 'FORCE'),
      () => run('XCLAIM', key, group, consumer, 0, ...ids(), 'JUSTID'),
      () => run('XAUTOCLAIM', key, group, consumer, 0, id(), 'COUNT', 1 + random.below(9)),
    ];
  }

  #adopt(): void {
    const { space } = this.#subject.server.store;
    const staged = space.createStaging();
    for (let i = this.#random.below(40); i > 0; i--) {
      const [key, value] = [Buffer.from(this.#key() + i), Buffer.from(this.#element())];
      const db = this.#random.pick(staged);
      if (db.peek(key, 0, key.length) === 0) db.setString(key, 0, key.length, value, 0, value.length, -1);
    }
    space.adopt(staged);
  }

  /** What a server does between commands. */
  background(): void {
    const { space } = this.#subject.server.store;
    const random = this.#random;
    space.now = this.#subject.clock.now();
    if (random.below(3) === 0) space.reclaimer.work(1 + random.below(20));
    if (random.below(3) === 0) for (const db of space.databases) db.rehashSome(1 + random.below(10));
    if (random.below(8) === 0) {
      this.#subject.clock.move(random.below(30));
      space.expireDue(random.below(5));
      this.#subject.server.store.fieldExpiry.expireDue(random.below(5));
    }
  }
}

test('a snapshot is exactly the data as of its start, whatever is written meanwhile', () => {
  let big = 0;
  let copied = 0;
  for (let seed = 1; seed <= SERVERS; seed++) {
    const random = new Seeded(seed);
    const subject = new OfflineServer({ ...settings, listMaxListpackSize: seed % 2 === 0 ? 3 : -1 }, seed);
    const { store } = subject.server;
    const writer = new Writer(subject, random, 8 + random.below(60));
    for (let round = 0; round < SNAPSHOTS; round++) {
      const hint = `seed ${seed}, snapshot ${round}`;
      writer.turnTo();
      for (let i = random.below(60); i > 0; i--) writer.write();
      const expected = contents(store);
      const chunks: Uint8Array[] = [];
      const walk = startWalk(subject, chunks, random.below(2) === 0);
      // Some walks go on from one command to the next, others stand still for long.
      const pace = random.pick([1, 1, 3, 20]);
      for (let more = true; more;) {
        for (let i = random.below(2 * pace); i > 0; i--) {
          writer.write();
          writer.background();
        }
        for (let i = 1 + random.below(10); i > 0 && more; i--) more = walk.step();
        if (walk.asideBytes > 0) big++;
      }
      copied += walk.copied;
      assert.equal(walk.asideBytes, 0, hint);
      assert.equal(walk.written, expected.length, hint);
      assert.deepEqual(decoded(chunks, subject), expected, hint);
    }
    // Nothing is held any more, and nothing was lost of the memory.
    for (const db of [...store.space.databases, store.staging]) db.clear();
    store.space.reclaimer.finish();
    assert.equal(store.space.reclaimer.pending, 0, `seed ${seed}`);
    const other = new OfflineServer(settings, seed).server.store;
    other.staging.clear();
    const empty = other.space.arena.blocks;
    assert.equal(store.space.arena.blocks, empty, `seed ${seed}: blocks that nobody owns`);
  }
  assert.ok(big > SERVERS, 'big values were written in pieces while others waited');
  assert.ok(copied > SERVERS * SNAPSHOTS, 'writers made the walk copy');
});

test('a list that changes while it is written is written as it was', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = new Seeded(seed);
    const counted = seed % 2 === 0;
    const subject = new OfflineServer({ ...settings, listMaxListpackSize: counted ? 4 : -1 }, seed);
    const { store } = subject.server;
    // Nodes of a kind that is limited in bytes need some to have neighbours.
    const element = (): string => random.pick('abcdef'.split('')).repeat(counted ? 1 : 1 + random.below(250));
    const elements = (count: number): string[] => Array.from({ length: count }, element);
    // More than a node holds.
    const plain = (): string => random.pick('abcdef'.split('')).repeat(9000 + random.below(500));
    const change = random.pick([
      () => subject.run('RPUSH', 'list', ...elements(1 + random.below(3))),
      () => subject.run('LPUSH', 'list', ...elements(1 + random.below(3))),
      () => subject.run('LPOP', 'list', 1 + random.below(3)),
      () => subject.run('RPOP', 'list', 1 + random.below(3)),
    ]);
    const changes = [
      change,
      () => subject.run('RPUSH', 'list', element()),
      () => subject.run('LPUSH', 'list', element()),
      () => subject.run('LSET', 'list', random.below(40), random.below(3) === 0 ? plain() : element()),
      () => subject.run('LPOP', 'list'),
      () => subject.run('RPOP', 'list'),
      () => subject.run('LSET', 'list', random.below(40), element()),
      () => subject.run('LSET', 'list', random.below(40), element()),
      () => subject.run('LINSERT', 'list', 'BEFORE', random.pick('abcdef'.split('')), element()),
      () => subject.run('LINSERT', 'list', 'AFTER', random.pick('abcdef'.split('')), element()),
      () => subject.run('LREM', 'list', random.below(7) - 3, element()),
      () => subject.run('LMOVE', 'list', 'list', random.pick(['LEFT', 'RIGHT']), random.pick(['LEFT', 'RIGHT'])),
      () => subject.run('LTRIM', 'list', random.below(3), -1 - random.below(3)),
      () => random.below(12) === 0 && subject.run('LTRIM', 'list', random.below(30), random.below(30)),
    ];
    for (let round = 0; round < 100; round++) {
      if (random.below(6) === 0) subject.run('DEL', 'list');
      subject.run('RPUSH', 'list', ...elements(10 + random.below(40)));
      for (let i = random.below(30); i > 0; i--) random.pick(changes)();
      const expected = contents(store);
      const chunks: Uint8Array[] = [];
      const walk = startWalk(subject, chunks, false);
      do for (let i = random.below(4); i > 0; i--) random.pick(changes)();
      while (walk.step());
      assert.deepEqual(decoded(chunks, subject), expected, `seed ${seed}, snapshot ${round}`);
    }
  }
});

test('a stream that changes while it is written is written as it was, with its groups', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = new Seeded(seed);
    const subject = new OfflineServer(settings, seed);
    const { store } = subject.server;
    const writer = new Writer(subject, random, 1);
    writer.family = 'stream';
    const pace = 1 + random.below(3);
    for (let round = 0; round < 60; round++) {
      for (let i = 20; i > 0; i--) writer.write();
      const expected = contents(store);
      const chunks: Uint8Array[] = [];
      const walk = startWalk(subject, chunks, false);
      do {
        for (let i = random.below(pace + 1); i > 0; i--) writer.write();
        writer.background();
      } while (walk.step());
      assert.equal(walk.asideBytes, 0);
      assert.deepEqual(decoded(chunks, subject), expected, `seed ${seed}, snapshot ${round}`);
    }
  }
});

test('a long element that is half written is written as it was, whatever becomes of it', () => {
  const subject = new OfflineServer(settings, 1);
  const { store } = subject.server;
  const names = Array.from({ length: 20 }, (_, i) => `${i}`.padStart(250, '-'));
  for (let steps = 0; steps < 160; steps++) {
    subject.run('FLUSHALL');
    for (const name of names) {
      subject.run('HSET', 'hash', name, name);
      subject.run('HSET', 'other', name, name);
      subject.run('SADD', 'set', name);
      subject.run('ZADD', 'zset', 1, name);
    }
    const expected = contents(store);
    const chunks: Uint8Array[] = [];
    const walk = startWalk(subject, chunks, false);
    for (let i = 0; i < steps; i++) walk.step();
    for (const name of names) {
      subject.run('HSET', 'hash', name, 'x'.repeat(250));
      subject.run('HDEL', 'other', name);
      subject.run('SREM', 'set', name);
      subject.run('ZADD', 'zset', 2, name);
      // What was freed is used again.
      subject.run('HSET', 'new hash', name, 'y'.repeat(250));
      subject.run('SADD', 'new set', `y${name.slice(1)}`);
    }
    while (walk.step());
    assert.deepEqual(decoded(chunks, subject), expected, `after ${steps} steps`);
  }
});

function startWalk(subject: OfflineServer, chunks: Uint8Array[], compress: boolean): Walk {
  return new Walk(
    subject.server.store,
    (chunk) => !chunks.push(chunk),
    () => {},
    limits,
    {
      checksum: true,
      compress,
      withFunctions: true,
      withData: true,
      facts: { now: subject.clock.now(), position: null },
    },
  );
}

function decoded(chunks: readonly Uint8Array[], subject: OfflineServer): string[] {
  const copy = makeStore({ databases: 4 });
  copy.space.now = subject.clock.now();
  loadStore(copy, Buffer.concat(chunks));
  return contents(copy);
}
