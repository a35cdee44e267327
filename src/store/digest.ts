/**
 * DEBUG DIGEST as Redis computes it: equal data, equal 40 hex digits, whatever the implementation, the encoding or the
 * order in tables.
 *
 *   blur(d, x)   d = d xor SHA1(x)                order does not matter: members of a set, keys of a database
 *   chain(d, x)  d = SHA1(d xor SHA1(x))          order matters: elements of a list, a field and its value
 *
 *   all keys  = for each database with keys: chain its number (u32, big-endian), then blur in the 20 bytes of each key's digest
 *   a key     = chain the key's name, then its value
 *   a value   = chain the type (u32, big-endian); string and list: chain each element; set: blur each; hash and sorted
 *               set: blur the digest of each pair; stream: chain each id (ms.seq), its fields and values; with an expiry: blur "!!expire!!"
 */
import type { Address } from '../memory/arena.ts';
import { Element } from '../memory/element.ts';
import * as listpack from '../memory/listpack.ts';
import { ListCursor } from '../memory/quicklist-cursor.ts';
import { Span } from '../base/span.ts';
import { assert } from '../base/assert.ts';
import { formatDouble } from '../base/numbers.ts';
import { ENC_QUICKLIST, TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STREAM, TYPE_STRING, TYPE_ZSET } from './entry.ts';
import { Sha1 } from './sha1.ts';
import { ID_TEXT_MAX, setLastId, writeDottedId } from './stream-id.ts';
import type { Store } from './store.ts';

const EXPIRE_MARK = Buffer.from('!!expire!!');
const FIELD_EXPIRE_MARK = Buffer.from('!!hexpire!!');

/** All databases. Takes time in proportion to the data: about 2 us a small key. */
export function digestAll(store: Store): string {
  return new Digest(store).all();
}

/** One value, without its key's name; zeros for entry 0. */
export function digestValue(store: Store, entry: Address): string {
  return new Digest(store).one(entry);
}

class Digest {
  readonly #store: Store;
  readonly #sha: Sha1 = new Sha1();
  readonly #key: Int32Array = new Int32Array(5);
  readonly #pair: Int32Array = new Int32Array(5);
  readonly #span: Span = new Span();
  readonly #element: Element = new Element();
  readonly #scratch: Uint8Array = new Uint8Array(32);

  constructor(store: Store) {
    this.#store = store;
  }

  all(): string {
    const final = new Int32Array(5);
    const key = this.#key;
    for (const db of this.#store.space.databases) {
      if (db.size === 0) continue;
      this.#chainWord(final, db.index);
      db.forEach((entry) => {
        key.fill(0);
        const name = this.#store.entries.key(entry, this.#span);
        this.#chain(key, name.bytes, name.at, name.length);
        this.#value(key, entry);
        this.#blurWords(final, key);
      });
    }
    return hex(final);
  }

  one(entry: Address): string {
    const key = this.#key.fill(0);
    if (entry !== 0) this.#value(key, entry);
    return hex(key);
  }

  #value(into: Int32Array, entry: Address): void {
    const { entries } = this.#store;
    const type = entries.type(entry);
    this.#chainWord(into, type);
    switch (type) {
      case TYPE_STRING: {
        const value = entries.value(entry, this.#span);
        this.#chain(into, value.bytes, value.at, value.length);
        break;
      }
      case TYPE_LIST:
        this.#list(into, entry);
        break;
      case TYPE_SET:
        this.#store.sets.forEach(entry, (bytes, at, length) => this.#blur(into, bytes, at, length));
        break;
      case TYPE_ZSET:
        this.#store.zsets.forEach(entry, (bytes, at, length, score) => {
          const pair = this.#pair.fill(0);
          this.#chain(pair, bytes, at, length);
          const text = formatDouble(score);
          for (let i = 0; i < text.length; i++) this.#scratch[i] = text.charCodeAt(i);
          this.#chain(pair, this.#scratch, 0, text.length);
          this.#blurWords(into, pair);
        });
        break;
      case TYPE_HASH:
        this.#store.hashes.forEach(
          entry,
          (fieldBytes, fieldAt, fieldLength, bytes, at, length, expiryMs) => {
            const pair = this.#pair.fill(0);
            this.#chain(pair, fieldBytes, fieldAt, fieldLength);
            this.#chain(pair, bytes, at, length);
            if (expiryMs >= 0) this.#blur(pair, FIELD_EXPIRE_MARK, 0, FIELD_EXPIRE_MARK.length);
            this.#blurWords(into, pair);
          },
          true,
        );
        break;
      case TYPE_STREAM:
        this.#stream(into, entry);
        break;
      default:
        assert(false, 'digest: a value of an unknown type');
    }
    if (entries.hasExpiry(entry)) this.#blur(into, EXPIRE_MARK, 0, EXPIRE_MARK.length);
  }

  #list(into: Int32Array, entry: Address): void {
    const { entries, space } = this.#store;
    const { arena } = space;
    const element = this.#element;
    const ref = entries.ref(entry);
    if (entries.encoding(entry) === ENC_QUICKLIST) {
      const cursor = new ListCursor(arena);
      for (let more = cursor.first(ref); more; more = cursor.next()) {
        cursor.read(element);
        this.#chain(into, element.bytes, element.at, element.length);
      }
      return;
    }
    for (let p = listpack.first(arena, ref); p !== 0; p = listpack.next(arena, ref, p)) {
      listpack.read(arena, ref, p, element);
      this.#chain(into, element.bytes, element.at, element.length);
    }
  }

  /** Entries alone count: their ids, fields and values. */
  #stream(into: Int32Array, entry: Address): void {
    const { entries, streams } = this.#store;
    const { range, ids } = streams;
    const [start, end] = ids;
    start.fill(0);
    setLastId(end);
    range.open(entries.ref(entry), start, end, false);
    const { field, value } = range;
    const text = new Uint8Array(ID_TEXT_MAX);
    while (range.next()) {
      this.#chain(into, text, 0, writeDottedId(text, 0, range.id));
      for (let left = range.fields; left > 0; left--) {
        range.pair();
        this.#chain(into, field.bytes, field.at, field.length);
        this.#chain(into, value.bytes, value.at, value.length);
      }
    }
  }

  #blur(into: Int32Array, bytes: Uint8Array, at: number, length: number): void {
    mix(into, this.#sha.hash(bytes, at, length));
  }

  #chain(into: Int32Array, bytes: Uint8Array, at: number, length: number): void {
    mix(into, this.#sha.hash(bytes, at, length));
    into.set(this.#sha.hashWords(into));
  }

  #blurWords(into: Int32Array, words: Int32Array): void {
    mix(into, this.#sha.hashWords(words));
  }

  #chainWord(into: Int32Array, word: number): void {
    const scratch = this.#scratch;
    scratch[0] = word >>> 24;
    scratch[1] = word >>> 16;
    scratch[2] = word >>> 8;
    scratch[3] = word;
    this.#chain(into, scratch, 0, 4);
  }
}

function mix(into: Int32Array, words: Int32Array): void {
  for (let i = 0; i < 5; i++) into[i] = into[i]! ^ words[i]!;
}

function hex(words: Int32Array): string {
  let text = '';
  for (const word of words) text += (word >>> 0).toString(16).padStart(8, '0');
  return text;
}
