import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { finish } from '../../src/base/pieces.ts';
import { viewed } from '../../src/base/viewed.ts';
import { Arena, ArenaExhausted, byteOf, segmentOf } from '../../src/memory/arena.ts';
import type { Address } from '../../src/memory/arena.ts';
import { Dict } from '../../src/memory/dict.ts';
import { randomItem } from '../../src/memory/dict-random.ts';
import { KeyHasher } from '../../src/memory/hash.ts';
import { stretches, Walk } from '../support/sizes.ts';
import { seededRandom, unevenness } from '../support/store.ts';

const KEY_BASE = 8;

/** An arena that can be told to refuse. */
class ScarceArena extends Arena {
  refuse = false;

  override alloc(bytes: number): Address {
    if (this.refuse) throw new ArenaExhausted('told to');
    return super.alloc(bytes);
  }
}

/** A dict with items that hold nothing but a key, beside a Map that says what must be in it. */
class Subject {
  readonly arena = new ScarceArena();
  readonly hasher: KeyHasher;
  readonly dict: Dict;
  readonly header: Address;
  readonly model = new Map<string, Address>();
  /** Of the last table that was not being resized. */
  #buckets = 0;

  constructor(seed: Uint8Array, hasher = new KeyHasher(seed)) {
    this.hasher = hasher;
    this.dict = new Dict(this.arena, hasher, KEY_BASE);
    this.header = this.dict.create();
  }

  item(key: string): Address {
    const bytes = Buffer.from(key);
    const item = this.arena.alloc(KEY_BASE + bytes.length);
    const words = this.arena.u32[segmentOf(item)]!;
    words[byteOf(item) >>> 2] = 0;
    words[(byteOf(item) >>> 2) + 1] = bytes.length;
    this.arena.u8[segmentOf(item)]!.set(bytes, byteOf(item) + KEY_BASE);
    return item;
  }

  /** Adds many at once, and each again that was refused, until all are in. */
  addAll(keys: readonly string[]): void {
    const items = Uint32Array.from(keys, (key) => this.item(key));
    const hashes = Int32Array.from(keys, (key) => this.hasher.hash(Buffer.from(key), 0, key.length));
    for (let first = 0; first < keys.length;) {
      const offered = items.slice(first);
      const taken = this.dict.insertAll(this.header, offered, hashes.subarray(first), offered.length);
      for (let i = 0; i < taken; i++) {
        assert.equal(offered[i], 0);
        assert.ok(!this.model.has(keys[first + i]!), 'added twice');
        this.model.set(keys[first + i]!, items[first + i]!);
      }
      assert.deepEqual(offered.subarray(taken), items.subarray(first + taken));
      first += taken;
      if (first === keys.length) return;
      assert.ok(this.model.has(keys[first]!), 'refused without a reason');
      this.arena.free(items[first]!);
      first++;
    }
  }

  add(key: string): void {
    const bytes = Buffer.from(key);
    assert.equal(this.find(key), this.model.get(key) ?? 0);
    if (this.model.has(key)) return;
    const item = this.item(key);
    try {
      this.dict.insert(this.header, item, this.hasher.hash(bytes, 0, bytes.length));
    } catch (error) {
      this.arena.free(item);
      throw error;
    }
    this.model.set(key, item);
  }

  find(key: string): Address {
    const bytes = Buffer.from(key);
    return this.dict.find(this.header, bytes, 0, bytes.length, this.hasher.hash(bytes, 0, bytes.length));
  }

  remove(key: string): void {
    const bytes = Buffer.from(key);
    const item = this.dict.remove(this.header, bytes, 0, bytes.length, this.hasher.hash(bytes, 0, bytes.length));
    assert.equal(item, this.model.get(key) ?? 0);
    if (item !== 0) this.arena.free(item);
    this.model.delete(key);
  }

  /** Whether a resize is under way, and which; to be asked after every change. */
  get resize(): 'grow' | 'shrink' | undefined {
    const buckets = this.dict.buckets(this.header);
    if (!this.dict.isRehashing(this.header)) {
      this.#buckets = buckets;
      return undefined;
    }
    return buckets > 2 * this.#buckets ? 'grow' : 'shrink';
  }

  keyOf(item: Address): string {
    const words = this.arena.u32[segmentOf(item)]!;
    const length = words[(byteOf(item) >>> 2) + 1]!;
    const at = byteOf(item) + KEY_BASE;
    return Buffer.from(this.arena.u8[segmentOf(item)]!.subarray(at, at + length)).toString();
  }

  check(): void {
    assert.equal(this.dict.count(this.header), this.model.size);
    const seen = new Set<Address>();
    this.dict.forEach(this.header, (item) => {
      assert.ok(!seen.has(item), 'visited twice');
      seen.add(item);
    });
    assert.deepEqual(seen, new Set(this.model.values()));
  }

  /** Takes the dict apart and proves that nothing is left. */
  drain(budget: number): void {
    const released = new Set<Address>();
    const release = (item: Address): void => {
      assert.ok(!released.has(item), 'released twice');
      released.add(item);
      this.arena.free(item);
    };
    let steps = 0;
    const most = this.dict.buckets(this.header) / budget + 2;
    while (!this.dict.drain(this.header, budget, release)) assert.ok(++steps <= most, 'drain does not end');
    assert.deepEqual(released, new Set(this.model.values()));
    assert.equal(this.arena.blocks, 0);
    assert.equal(this.arena.usedBytes, 0);
  }
}

const seed = fc.uint8Array({ minLength: 8, maxLength: 8 });
const range = { from: fc.nat(2000), many: fc.nat(900) };
const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), ...range }),
  fc.record({ kind: fc.constant('addAll' as const), ...range }),
  fc.record({ kind: fc.constant('remove' as const), ...range }),
  fc.record({ kind: fc.constant('rehash' as const), ...range }),
);

function apply(
  subject: Subject,
  { kind, from, many }: { kind: 'add' | 'addAll' | 'remove' | 'rehash'; from: number; many: number },
) {
  if (kind === 'addAll') {
    // Some come twice, one after the other or far apart.
    const key = (_: unknown, i: number): string => `key:${from + (i % 5 === 4 ? i >> 1 : i)}`;
    subject.addAll(Array.from({ length: many }, key));
    return;
  }
  if (kind === 'rehash') {
    subject.dict.rehashSome(subject.header, many % 20);
    return;
  }
  for (let i = from; i < from + many; i++) subject[kind](`key:${i}`);
}

test('a dict holds what a Map holds after any changes, in the middle of resizes too', () => {
  fc.assert(
    fc.property(
      seed,
      fc.array(step, { maxLength: 14, size: 'max' }),
      fc.integer({ min: 1, max: 50 }),
      (bytes, steps, budget) => {
        const subject = new Subject(bytes);
        for (const one of steps) {
          apply(subject, one);
          subject.check();
        }
        for (const [key, item] of subject.model) assert.equal(subject.find(key), item);
        assert.equal(subject.find('absent'), 0);
        subject.check();
        subject.drain(budget);
      },
    ),
    { numRuns: 60 },
  );
});

const name = (key: number): string => `key:${key}`;

test('a dict holds what a Map holds while it grows and shrinks and grows again', () => {
  // What came to pass in all runs together: without it the test would prove little.
  const seen = { 'grow add': 0, 'grow remove': 0, 'shrink add': 0, 'shrink remove': 0, 'shrink drained': 0 };
  fc.assert(
    fc.property(seed, stretches, fc.nat(), fc.integer({ min: 1, max: 50 }), (bytes, path, start, budget) => {
      const subject = new Subject(bytes);
      const count = (what: 'add' | 'remove'): void => {
        const { resize } = subject;
        if (resize !== undefined) seen[`${resize} ${what}`]++;
      };
      const walk = new Walk(start, {
        add: (key) => {
          // Looking for keys moves buckets as well; not always, for a resize shall last.
          const [first] = subject.model.keys();
          if (key % 4 === 0 && first !== undefined) assert.equal(subject.find(first), subject.model.get(first));
          subject.add(name(key));
          count('add');
        },
        remove: (key) => {
          subject.remove(name(key));
          count('remove');
        },
      });
      for (const stretch of path) {
        walk.go(stretch);
        subject.check();
        checkScan(subject);
        // Far fewer buckets than items would be long chains, far more a table that does not shrink.
        if (subject.resize !== undefined) continue;
        const buckets = subject.dict.buckets(subject.header);
        const { size } = subject.model;
        assert.ok(buckets * 7 >= size && (buckets <= 4 || buckets * 7 <= size * 10), `${buckets} for ${size}`);
      }
      if (subject.resize === 'shrink') seen['shrink drained']++;
      subject.drain(budget);
    }),
    { numRuns: 100 },
  );
  for (const [what, times] of Object.entries(seen)) assert.ok(times > 0, `never: ${what}`);
});

/** A scan without changes in between shows every item, and the keys of no other. */
function checkScan(subject: Subject): void {
  const seen = new Set<Address>();
  let cursor = 0;
  do cursor = subject.dict.scan(subject.header, cursor, (item) => seen.add(item));
  while (cursor !== 0);
  assert.deepEqual(seen, new Set(subject.model.values()));
}

test('keys with the same hash share a chain and stay apart', () => {
  class Colliding extends KeyHasher {
    override hash(_bytes: Uint8Array, _at: number, length: number): number {
      return length % 2 === 0 ? -5 : 3;
    }
  }
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ kind: fc.constantFrom('add' as const, 'addAll' as const, 'remove' as const), key: fc.nat(120) }),
        {
          maxLength: 400,
          size: 'max',
        },
      ),
      (steps) => {
        const subject = new Subject(new Uint8Array(8), new Colliding(new Uint8Array(8)));
        for (const { kind, key } of steps)
          if (kind === 'addAll') subject.addAll([key, key + 2, key].map(String));
          else subject[kind](String(key));
        subject.check();
        subject.drain(7);
      },
    ),
    { numRuns: 60 },
  );
});

test('SCAN returns every element that stays, across growing and shrinking', () => {
  let shrinking = 0;
  fc.assert(
    fc.property(seed, stretches, fc.nat(), fc.oneof(fc.nat(40), fc.nat(400)), (bytes, path, start, stable) => {
      const subject = new Subject(bytes);
      for (let i = 0; i < stable; i++) subject.add(`stable:${i}`);
      const walk = new Walk(start, {
        add: (key) => subject.add(name(key)),
        remove: (key) => subject.remove(name(key)),
      });
      const seen = new Set<string>();
      let cursor = 0;
      let visits = 0;
      do {
        if (subject.resize === 'shrink') shrinking++;
        cursor = subject.dict.scan(subject.header, cursor, (item) => seen.add(subject.keyOf(item)));
        assert.ok(Number.isInteger(cursor) && cursor >= 0 && cursor < 2 ** 32);
        // Each change of the table may put the end off; without them it comes.
        if (visits < 60) walk.go(path[visits % path.length]!);
        else while (subject.dict.rehashSome(subject.header, 100));
        assert.ok(++visits < 5000, 'the scan does not end');
      } while (cursor !== 0);
      for (let i = 0; i < stable; i++) assert.ok(seen.has(`stable:${i}`), `stable:${i} was missed`);
    }),
    { numRuns: 60 },
  );
  assert.ok(shrinking > 0, 'no scan came across a table that shrinks');
});

test('SCAN of a dict at rest returns every element once', () => {
  fc.assert(
    fc.property(seed, fc.nat(3000), (bytes, many) => {
      const subject = new Subject(bytes);
      for (let i = 0; i < many; i++) subject.add(`key:${i}`);
      while (subject.dict.rehashSome(subject.header, 100));
      const seen: string[] = [];
      let cursor = 0;
      do cursor = subject.dict.scan(subject.header, cursor, (item) => seen.push(subject.keyOf(item)));
      while (cursor !== 0);
      assert.equal(seen.length, many);
      assert.equal(new Set(seen).size, many);
    }),
    { numRuns: 40 },
  );
});

test('any 32-bit cursor is accepted', () => {
  fc.assert(
    fc.property(seed, fc.nat({ max: 0xffffffff }), fc.nat(2000), (bytes, cursor, many) => {
      const subject = new Subject(bytes);
      for (let i = 0; i < many; i++) subject.add(`key:${i}`);
      const next = subject.dict.scan(subject.header, cursor, (item) =>
        assert.ok(subject.model.has(subject.keyOf(item))),
      );
      assert.ok(next >= 0 && next < 2 ** 32);
    }),
    { numRuns: 60 },
  );
});

test('running out of memory loses nothing, and the resize goes on when there is memory again', () => {
  fc.assert(
    fc.property(seed, fc.array(step, { maxLength: 10 }), (bytes, steps) => {
      const subject = new Subject(bytes);
      steps.forEach((one, i) => {
        apply(subject, one);
        subject.arena.refuse = i % 2 === 0;
        // Reading and removing work without memory.
        for (const [key, item] of [...subject.model].slice(0, 300)) {
          assert.equal(subject.find(key), item);
          if (i % 4 === 0) subject.remove(key);
        }
        if (subject.arena.refuse) assert.throws(() => subject.add(`never ${i}`), ArenaExhausted);
        subject.dict.rehashSome(subject.header, 1000);
        subject.check();
        subject.arena.refuse = false;
        subject.check();
      });
      while (subject.dict.rehashSome(subject.header, 100));
      subject.check();
      subject.drain(3);
    }),
    { numRuns: 60 },
  );
});

test('random reaches every element, in the middle of a resize too', () => {
  const subject = new Subject(new Uint8Array(8).fill(9));
  for (let i = 0; i < 400; i++) subject.add(`key:${i}`);
  const random = seededRandom(5);
  for (const shrunk of [false, true]) {
    if (shrunk) for (let i = 0; i < 370; i++) subject.remove(`key:${i}`);
    assert.ok(subject.model.size > 0);
    const left = new Set(subject.model.values());
    for (let tries = 0; left.size > 0; tries++) {
      assert.ok(tries < 100_000, `${left.size} elements are never picked`);
      const item = randomItem(subject.dict, subject.header, random);
      assert.ok([...subject.model.values()].includes(item));
      left.delete(item);
    }
  }
});

test('random items are fair while a table grows and while it shrinks', () => {
  const subject = new Subject(new Uint8Array(8).fill(4));
  const random = seededRandom(11);
  const stable = 21;
  for (let i = 0; i < stable; i++) subject.add(name(i));
  const keys = new Map(Array.from(subject.model, ([key, item]) => [item, key]));
  const drawn = { grow: new Map<string, number>(), shrink: new Map<string, number>() };
  const draw = (counts: Map<string, number>): void => {
    assert.ok(subject.dict.isRehashing(subject.header));
    // Each draw moves a bucket: with a few the resize is still under way.
    for (let i = 0; i < 4; i++) {
      const key = keys.get(randomItem(subject.dict, subject.header, random));
      if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  };
  for (let round = 0; round < 2500; round++) {
    for (let i = stable; i < 100; i++) {
      subject.add(name(i));
      if (i === 48 || i === 96) draw(drawn.grow);
    }
    for (let i = stable; i < 100; i++) subject.remove(name(i));
    draw(drawn.shrink);
  }
  for (const counts of [drawn.grow, drawn.shrink]) {
    assert.equal(counts.size, stable);
    assert.ok(Math.abs(unevenness([...counts.values()])) < 5, [...counts.values()].join(' '));
  }
});

test('a table with room for far more items than it has gives them all', () => {
  const subject = new Subject(new Uint8Array(8).fill(6));
  subject.dict.reserve(subject.header, 1_000_000);
  for (let i = 0; i < 3; i++) subject.add(name(i));
  const items = Array.from({ length: 200 }, () => randomItem(subject.dict, subject.header, seededRandom(13)));
  assert.ok(items.every((item) => [...subject.model.values()].includes(item)));
});

test('an empty dict answers without a table', () => {
  const subject = new Subject(new Uint8Array(8));
  assert.equal(subject.find('a'), 0);
  assert.equal(randomItem(subject.dict, subject.header, seededRandom(1)), 0);
  assert.equal(
    subject.dict.scan(subject.header, 12345, () => assert.fail()),
    0,
  );
  subject.remove('a');
  subject.drain(1);
});

test('reserving makes room once and only while the dict is empty', () => {
  const subject = new Subject(new Uint8Array(8));
  subject.dict.reserve(subject.header, 10_000);
  const buckets = subject.dict.buckets(subject.header);
  for (let i = 0; i < 10_000; i++) subject.add(`key:${i}`);
  assert.equal(subject.dict.buckets(subject.header), buckets);
  assert.equal(subject.dict.isRehashing(subject.header), false);
  subject.dict.reserve(subject.header, 1_000_000);
  assert.equal(subject.dict.buckets(subject.header), buckets);
  for (let i = 0; i < 10_000; i++) subject.remove(`key:${i}`);
  subject.dict.reserve(subject.header, 100);
  subject.check();
  subject.drain(100);
});

test('a table made for items that never came shrinks in idle time', () => {
  const subject = new Subject(Buffer.alloc(8, 3));
  subject.dict.reserve(subject.header, 100_000);
  const made = subject.dict.buckets(subject.header);
  for (let i = 0; i < 50; i++) subject.add(`${i}`);
  // A resize shrinks by so many steps at most, and the next round of idle time starts the next one.
  for (let round = 0; round < 4; round++) while (subject.dict.rehashSome(subject.header, 100));
  assert.ok(subject.dict.buckets(subject.header) < made / 100);
  for (const key of subject.model.keys()) assert.equal(subject.find(key), subject.model.get(key));
});

test('one operation moves a bounded number of buckets', () => {
  const subject = new Subject(new Uint8Array(8).fill(3));
  let rehashes = 0;
  for (let i = 0; i < 30_000; i++) {
    const before = subject.dict.isRehashing(subject.header);
    subject.add(`key:${i}`);
    if (!before && subject.dict.isRehashing(subject.header)) {
      rehashes++;
      assert.equal(subject.dict.rehashSome(subject.header, 1), true, 'a resize must not end at once');
    }
  }
  assert.ok(rehashes >= 8);
});

test('the hash depends on every byte, on the length and on the seed', () => {
  fc.assert(
    fc.property(seed, fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(), (bytes, key, pick) => {
      const hasher = new KeyHasher(bytes);
      const hash = hasher.hash(key, 0, key.length);
      assert.equal(hash, hash | 0);
      const shifted = new Uint8Array(key.length + 9);
      shifted.set(key, 5);
      assert.equal(hasher.hash(shifted, 5, key.length), hash);
      const other = Uint8Array.from(key);
      other[pick % key.length]! ^= 1 << (pick % 8);
      const reseeded = Uint8Array.from(bytes);
      reseeded[pick % 8]! ^= 1;
      // A 32-bit hash may collide once in four thousand million pairs.
      assert.notEqual(hasher.hash(other, 0, other.length), hash);
      assert.notEqual(new KeyHasher(reseeded).hash(key, 0, key.length), hash);
    }),
  );
});

test('the hash spreads similar keys evenly over buckets', () => {
  const hasher = new KeyHasher(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  const counts = new Uint32Array(1024);
  for (let i = 0; i < 102_400; i++) {
    const key = Buffer.from(`key:${String(i).padStart(12, '0')}`);
    counts[hasher.hash(key, 0, key.length) & 1023]!++;
  }
  // Expected 100 a bucket with a deviation of 10.
  assert.ok(Math.max(...counts) < 160 && Math.min(...counts) > 50);
});

test('a hash made in pieces is the hash, and finds the items that have it, also while the table is resized', () => {
  const subject = new Subject(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  const { dict, header, hasher } = subject;
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), fc.nat(9), fc.integer({ min: 1, max: 20 }), (key, at, piece) => {
      const plain = Buffer.from('x'.repeat(at) + key);
      const hash = hasher.hash(plain, at, plain.length - at);
      for (const bytes of [plain, viewed(Uint8Array.from(plain))])
        assert.equal(finish(hasher.hashInPieces(bytes, at, bytes.length - at, piece)), hash);
      if (!subject.model.has(key)) {
        const item = subject.item(key);
        dict.insert(header, item, hash);
        subject.model.set(key, item);
      }
      assert.ok(dict.withHash(header, hash).includes(subject.model.get(key)!));
    }),
    { numRuns: 2000 },
  );
  assert.deepEqual(dict.withHash(dict.create(), 5), []);
});
