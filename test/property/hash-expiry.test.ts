/**
 * Hashes whose fields expire against a model with a virtual clock: random operations over both encodings, the conversions,
 * copies, renames and files; memory that ends anywhere.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LONG_VALUE_BYTES } from '../../src/store/entry.ts';
import { Span } from '../../src/base/span.ts';
import { type Address, ArenaExhausted } from '../../src/memory/arena.ts';
import { copyEntry } from '../../src/store/copy-value.ts';
import { digestAll } from '../../src/store/digest.ts';
import type { Store } from '../../src/store/store.ts';
import { failAfter, latin1, makeStore } from '../support/store.ts';
import { loadStore, saveStore } from '../support/store-rdb.ts';

const START = 1_700_000_000_000;

interface Field {
  readonly value: string;
  /** -1: none. */
  readonly expiry: number;
}

/** A hash with one key, driven as the commands of a master do. */
class Harness {
  readonly store: Store;
  readonly span: Span = new Span();
  key = Buffer.from('key');
  database = 0;
  /** What replicas would be told. */
  readonly told: string[] = [];

  constructor(entries: number) {
    this.store = makeStore({ hashMaxListpackEntries: entries, hashMaxListpackValue: 30, databases: 3 });
    const { space } = this.store;
    space.now = START;
    space.fieldEvents = {
      expired: (_db, key, field) => void this.told.push(`${text(key)} ${text(field)}`),
      done: (_db, key, keyGone) => {
        if (keyGone) this.told.push(`${text(key)} gone`);
      },
    };
  }

  get db() {
    return this.store.space.databases[this.database]!;
  }

  get entry(): Address {
    return this.db.write(this.key, 0, this.key.length);
  }

  set(field: string, value: string, keep: boolean): void {
    const { hashes } = this.store;
    const entry = this.entry || hashes.create(this.db, this.key, 0, this.key.length, 1);
    const bytes = Buffer.from(`${field}${value}`, 'latin1');
    try {
      hashes.set(entry, bytes, 0, field.length, bytes, field.length, value.length, keep);
    } catch (error) {
      if (hashes.length(entry) === 0) this.db.removeEntry(entry);
      throw error;
    }
  }

  setExpiry(field: string, expiry: number): boolean {
    const bytes = Buffer.from(field, 'latin1');
    return this.entry !== 0 && this.store.hashes.setExpiry(this.db, this.entry, bytes, 0, bytes.length, expiry);
  }

  remove(field: string): void {
    const bytes = Buffer.from(field, 'latin1');
    const { entry } = this;
    if (entry === 0) return;
    this.store.hashes.remove(entry, bytes, 0, bytes.length);
    if (this.store.hashes.length(entry) === 0) this.db.removeEntry(entry);
  }

  /** All fields as they are stored, in a fixed order. */
  stored(): Map<string, Field> {
    const all: [string, Field][] = [];
    if (this.entry !== 0)
      this.store.hashes.forEach(
        this.entry,
        (f, fAt, fLength, v, vAt, vLength, expiry) =>
          void all.push([latin1(f, fAt, fLength), { value: latin1(v, vAt, vLength), expiry }]),
        true,
      );
    return ordered(all);
  }

  seen(): Map<string, string> {
    const all: [string, string][] = [];
    if (this.entry !== 0)
      this.store.hashes.forEach(
        this.entry,
        (f, fAt, fLength, v, vAt, vLength) => void all.push([latin1(f, fAt, fLength), latin1(v, vAt, vLength)]),
      );
    return ordered(all);
  }

  scanned(): Set<string> {
    const seen = new Set<string>();
    let cursor = 0;
    do cursor = this.store.hashes.scan(this.entry, cursor, (f, at, length) => void seen.add(latin1(f, at, length)));
    while (cursor !== 0);
    return seen;
  }
}

const text = ({ bytes, at, length }: Span): string => latin1(bytes, at, length);
const ordered = <T>(all: readonly (readonly [string, T])[]): Map<string, T> =>
  new Map(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));

type Operation =
  | { readonly kind: 'set' | 'keep'; readonly field: string; readonly value: string }
  | { readonly kind: 'expire'; readonly field: string; readonly in: number }
  | { readonly kind: 'persist'; readonly field: string }
  | { readonly kind: 'remove' | 'look'; readonly field: string }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'sweep'; readonly limit: number }
  | { readonly kind: 'copy' | 'rename' | 'file' | 'key expiry' };

const field = fc.oneof(
  fc.integer({ min: 0, max: 12 }).map(String),
  fc.constantFrom('', 'x'.repeat(29), 'y'.repeat(31), 'f'),
);
const value = fc.oneof(
  { weight: 9, arbitrary: fc.string({ maxLength: 35, size: 'max' }) },
  { weight: 1, arbitrary: fc.constantFrom('z'.repeat(LONG_VALUE_BYTES), 'Z'.repeat(LONG_VALUE_BYTES + 1)) },
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('set'), field, value }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('keep'), field, value: fc.string({ maxLength: 10 }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('expire'), field, in: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('persist', 'remove', 'look'), field }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep'), limit: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('copy', 'rename', 'file', 'key expiry') }) },
) as fc.Arbitrary<Operation>;

test('a hash with expiring fields does what a model with a clock does', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 3, 100),
      fc.array(operation, { maxLength: 120, size: 'max' }),
      (entries, operations) => {
        const hash = new Harness(entries);
        const { space, fieldExpiry } = hash.store;
        const blocks = space.arena.blocks;
        let model = new Map<string, Field>();
        const due = (one: Field): boolean => one.expiry >= 0 && space.now > one.expiry;
        for (const one of operations) {
          switch (one.kind) {
            case 'set':
            case 'keep': {
              const expiry = one.kind === 'keep' ? (model.get(one.field)?.expiry ?? -1) : -1;
              hash.set(one.field, one.value, one.kind === 'keep');
              model.set(one.field, { value: one.value, expiry });
              break;
            }
            case 'expire':
            case 'persist': {
              const expiry = one.kind === 'persist' ? -1 : space.now + one.in;
              const old = model.get(one.field);
              assert.equal(hash.setExpiry(one.field, expiry), old !== undefined);
              if (old !== undefined) model.set(one.field, { value: old.value, expiry });
              break;
            }
            case 'remove':
              hash.remove(one.field);
              model.delete(one.field);
              break;
            case 'look': {
              const old = model.get(one.field);
              const bytes = Buffer.from(one.field, 'latin1');
              const { entry, store, span } = hash;
              const live = old !== undefined && !due(old);
              if (entry !== 0) {
                assert.equal(store.hashes.get(entry, bytes, 0, bytes.length, span), live);
                if (live) assert.equal(text(span), old.value);
                assert.equal(store.hashes.expiry(entry, bytes, 0, bytes.length), live ? old.expiry : -2);
              } else assert.equal(model.size, 0);
              break;
            }
            case 'pass':
              space.now += one.ms;
              break;
            case 'sweep': {
              const late = [...model].filter(([, held]) => due(held));
              const gone = fieldExpiry.expireDue(one.limit);
              const left = hash.stored();
              assert.equal(gone, Math.min(one.limit, late.length));
              // The earliest go first.
              const earliest = late.map(([, held]) => held.expiry).toSorted((a, b) => a - b)[gone - 1];
              for (const [name, held] of model)
                if (!left.has(name)) {
                  assert(due(held) && held.expiry <= earliest!, `${name} went too early`);
                  assert(hash.told.includes(`${hash.key.toString()} ${name}`), `${name} went unheard`);
                  model.delete(name);
                }
              break;
            }
            case 'copy': {
              if (hash.entry === 0) break;
              const target = space.databases[2]!;
              const copy = copyEntry(hash.store, hash.entry, target, hash.key, 0, hash.key.length);
              assert.equal(target.expiringHashes, hash.db.expiringHashes);
              hash.store.space.databases[hash.database]!.removeEntry(hash.entry);
              const back = target.rename(copy, hash.db, hash.key, 0, hash.key.length);
              assert.equal(hash.entry, back);
              break;
            }
            case 'rename': {
              if (hash.entry === 0) break;
              const to = Buffer.from(hash.key.length > 6 ? 'k' : `${hash.key.toString()}+`);
              const database = 1 - hash.database;
              hash.db.rename(hash.entry, space.databases[database]!, to, 0, to.length);
              hash.key = to;
              hash.database = database;
              break;
            }
            case 'file': {
              const { data, version } = reloaded(hash);
              assert.equal(version, [...model.values()].some(({ expiry }) => expiry >= 0) ? 12 : 10);
              assert.equal(data, digestAll(hash.store));
              break;
            }
            case 'key expiry': {
              const { entry } = hash;
              if (entry !== 0) hash.db.setExpiry(entry, hash.store.entries.hasExpiry(entry) ? -1 : START * 2);
              break;
            }
          }
          assert.deepEqual(hash.stored(), ordered([...model]));
          const live = [...model].filter(([, held]) => !due(held));
          assert.deepEqual(hash.seen(), ordered(live.map(([name, { value }]) => [name, value] as const)));
          const expiring = [...model.values()].filter(({ expiry }) => expiry >= 0);
          assert.equal(hash.db.expiringHashes, expiring.length > 0 ? 1 : 0);
          if (hash.entry === 0) continue;
          assert.equal(hash.store.hashes.visible(hash.entry), live.length);
          if (hash.store.hashes.expires(hash.entry)) {
            const earliest = Math.min(...expiring.map(({ expiry }) => expiry));
            assert.equal(hash.store.hashes.expiring.deadline(hash.entry), earliest);
          }
          checkPicks(hash, new Set(live.map(([name]) => name)));
        }
        hash.db.remove(hash.key, 0, hash.key.length);
        space.reclaimer.finish();
        model = new Map();
        assert.ok(space.arena.blocks <= blocks + 4, 'blocks were lost');
        for (const db of space.databases) assert.equal(db.expiringHashes, 0);
      },
    ),
    { numRuns: 300, interruptAfterTimeLimit: 30_000 },
  );
});

/** Random fields, samples and scans show what is visible and nothing else. */
function checkPicks(hash: Harness, live: ReadonlySet<string>): void {
  const { hashes } = hash.store;
  assert.deepEqual(hash.scanned(), live);
  if (live.size === 0) return;
  hashes.random(hash.entry, (f, at, length) => assert(live.has(latin1(f, at, length))));
  for (const count of [1, Math.ceil(live.size / 4), live.size]) {
    const sample = new Set<string>();
    hashes.sample(hash.entry, count, (f, at, length) => void sample.add(latin1(f, at, length)));
    assert.equal(sample.size, count);
    for (const name of sample) assert(live.has(name));
  }
}

/** Digest of the data after a way through a file, and the file's version. */
function reloaded(hash: Harness): { readonly data: string; readonly version: number } {
  const file = saveStore(hash.store);
  const other = makeStore({ hashMaxListpackEntries: 5, databases: 3 });
  other.space.now = hash.store.space.now;
  loadStore(other, file, 7);
  assert.equal(other.space.databases[hash.database]!.expiringHashes, hash.db.expiringHashes);
  return { data: digestAll(other), version: Number(file.toString('latin1', 5, 9)) };
}

test('a change that finds no memory changes no field, and the index stays right', () => {
  const change = fc.record({
    kind: fc.constantFrom('set', 'keep', 'expire', 'persist'),
    field,
    value: fc.string({ maxLength: 35, size: 'max' }),
    in: fc.integer({ min: 1, max: 1000 }),
    allowed: fc.integer({ min: 0, max: 8 }),
  });
  fc.assert(
    fc.property(fc.constantFrom(3, 100), fc.array(change, { maxLength: 60, size: 'max' }), (entries, changes) => {
      const hash = new Harness(entries);
      const { space, fieldExpiry } = hash.store;
      for (const one of changes) {
        const before = hash.stored();
        const restore = failAfter(space.arena, one.allowed);
        try {
          if (one.kind === 'set' || one.kind === 'keep') hash.set(one.field, one.value, one.kind === 'keep');
          else hash.setExpiry(one.field, one.kind === 'persist' ? -1 : space.now + one.in);
        } catch (error) {
          assert(error instanceof ArenaExhausted);
          restore();
          assert.deepEqual(hash.stored(), before);
        }
        restore();
        const expiries = [...hash.stored().values()].map(({ expiry }) => expiry).filter((expiry) => expiry >= 0);
        // Where memory ended the index may name an earlier time than the first field's, never a later one.
        if (expiries.length > 0) assert.equal(hash.db.expiringHashes, 1);
      }
      space.now += 2000;
      const expiring = [...hash.stored()].filter(([, { expiry }]) => expiry >= 0).length;
      let gone = 0;
      for (let n = fieldExpiry.expireDue(10); n > 0; n = fieldExpiry.expireDue(10)) gone += n;
      assert.ok(gone >= expiring);
      assert.equal(hash.db.expiringHashes, 0);
      assert(![...hash.stored().values()].some(({ expiry }) => expiry >= 0));
    }),
    { numRuns: 300, interruptAfterTimeLimit: 30_000 },
  );
});

test('a replica, and a master in a pause, hide fields past their time and delete none', () => {
  for (const entries of [0, 100]) {
    const hash = new Harness(entries);
    const { space, fieldExpiry, hashes } = hash.store;
    hash.set('f', '1', false);
    hash.set('g', '2', false);
    hash.setExpiry('f', START + 1);
    space.now = START + 2;
    for (const state of ['isReplica', 'expirePaused', 'fromMaster'] as const) {
      space[state] = true;
      assert.equal(fieldExpiry.expireDue(10), 0);
      assert.equal(hashes.length(hash.entry), 2);
      // The master's own commands see what it has.
      assert.deepEqual([...hash.seen().keys()], state === 'fromMaster' ? ['f', 'g'] : ['g']);
      space[state] = false;
    }
    space.activeExpire = false;
    assert.equal(fieldExpiry.expireDue(10), 0);
    space.activeExpire = true;
    assert.equal(fieldExpiry.expireDue(10), 1);
    assert.deepEqual(hash.told, ['key f']);
    assert.equal(space.stats.expiredFields, 1);
  }
});

test('overwritten, flushed and swapped, a hash leaves the index of its database', () => {
  const hash = new Harness(100);
  const { space } = hash.store;
  const [first, second] = [space.databases[0]!, space.databases[1]!];
  const fill = (): void => {
    hash.set('f', '1', false);
    hash.setExpiry('f', START + 1);
  };
  fill();
  first.setString(hash.key, 0, 3, hash.key, 0, 3, -1);
  assert.equal(first.expiringHashes, 0);
  first.remove(hash.key, 0, 3);
  fill();
  first.clear();
  assert.equal(first.expiringHashes, 0);
  fill();
  space.swap(0, 1);
  assert.deepEqual([first.expiringHashes, second.expiringHashes], [0, 1]);
  space.now = START + 2;
  assert.equal(hash.store.fieldExpiry.expireDue(10), 1);
  assert.deepEqual([second.size, second.expiringHashes], [0, 0]);
  assert.deepEqual(hash.told, ['key f', 'key gone']);
});
