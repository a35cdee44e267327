/** What the bit commands share: bit offsets as arguments, and room for a bit in a string value. */
import { errors } from '../base/errors.ts';
import { parseInteger } from '../base/numbers.ts';
import type { Address } from '../memory/arena.ts';
import type { Call } from './call.ts';

/** A value's length is 32 bits, whatever proto-max-bulk-len allows; some are left for the field that starts at an offset. */
const LENGTH_MAX = 2 ** 32 - 64;

/** The bit offset at argument `index`. With `width`, "#n" is the n-th field of that many bits. */
export function bitOffset(call: Call, index: number, width = 0): number {
  const { args } = call;
  const at = args.at[index]!;
  const length = args.length[index]!;
  const counted = width > 0 && length > 0 && args.bytes[at] === 0x23;
  const given = counted ? parseInteger(args.bytes, at + 1, length - 1) : parseInteger(args.bytes, at, length);
  if (given === undefined) throw errors.bitOffset;
  // The product wraps around as an int64, as Redis's does.
  const offset = counted ? Number(BigInt.asIntN(64, BigInt(given) * BigInt(width))) : Number(given);
  const max =
    call.session.class === 'master' ? LENGTH_MAX : Math.min(call.services.settings.protoMaxBulkLen, LENGTH_MAX);
  if (offset < 0 || Math.floor(offset / 8) >= max) throw errors.bitOffset;
  return offset;
}

/** The string at argument 1, found before as `entry` (0: none), long enough for the bit at `offset`; creates it. */
export function makeRoom(call: Call, entry: Address, offset: number): Address {
  const { args, db } = call;
  const needed = Math.floor(offset / 8) + 1;
  if (entry !== 0) return db.resizeString(entry, Math.max(call.store.strings.length(entry), needed));
  const created = db.setString(args.bytes, args.at[1]!, args.length[1]!, args.bytes, 0, 0, -1);
  try {
    return db.resizeString(created, needed);
  } catch (error) {
    // Out of memory: no empty key is left behind.
    db.removeEntry(created);
    throw error;
  }
}
