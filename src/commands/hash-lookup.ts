/**
 * How hash commands find their hash. Fields can be past their time: what a command is about to look at is deleted first, and
 * replicas are told with an HDEL before they hear of the command. A replica only hides such fields (store/expiring-hashes.ts).
 * For a hash none of whose fields expires, all this is one test.
 */
import { exactTime } from './expiry-time.ts';
import type { Address } from '../memory/arena.ts';
import { TYPE_HASH } from '../store/entry.ts';
import type { Call } from './call.ts';

/** Fields past their time that one command about all fields deletes; the rest stays hidden. */
const EXPIRE_AT_ONCE = 128;

/** The hash at argument 1 for a command that reads the fields from argument `from` on; 0 if there is none. */
export function readHash(call: Call, from: number): Address {
  const entry = call.readType(1, TYPE_HASH);
  if (entry === 0 || !call.store.hashes.expires(entry)) return entry;
  return call.store.fieldExpiry.expireNamed(call.db, entry, call.args, from, 1);
}

/** The hash at argument 1 for a command that changes the fields at `from`, `from + step` ...; 0 if there is none. */
export function writeHash(call: Call, from: number, step: number): Address {
  const entry = call.writeType(1, TYPE_HASH);
  if (entry === 0 || !call.store.hashes.expires(entry)) return entry;
  return call.store.fieldExpiry.expireNamed(call.db, entry, call.args, from, step);
}

/** The hash at argument 1 for a command that may pick any field; 0 if there is none that clients see. */
export function readWholeHash(call: Call): Address {
  const found = call.readType(1, TYPE_HASH);
  const { hashes, fieldExpiry } = call.store;
  if (found === 0 || !hashes.expires(found)) return found;
  const entry = fieldExpiry.expireSome(call.db, found, EXPIRE_AT_ONCE);
  return entry === 0 || hashes.visible(entry) === 0 ? 0 : entry;
}

/** A new hash at argument 1, which must be absent; still empty. */
export function makeHash(call: Call, expected: number): Address {
  const { args } = call;
  return call.store.hashes.create(call.db, args.bytes, args.at[1]!, args.length[1]!, expected);
}

/** After an effect that sets the field at argument `index` anew: one that gives it back the expiry it has, if any. */
export function propagateExpiry(call: Call, entry: Address, index: number): void {
  const { args } = call;
  const { hashes } = call.store;
  if (!hashes.expires(entry)) return;
  const expiry = hashes.expiry(entry, args.bytes, args.at[index]!, args.length[index]!);
  if (expiry < 0) return;
  const effect = call.effect(6).text('HPEXPIREAT').bytes(args.bytes, args.at[1]!, args.length[1]!);
  effect.integer(exactTime(expiry)).text('FIELDS').text('1');
  effect.bytes(args.bytes, args.at[index]!, args.length[index]!);
}
