/**
 * DUMP payloads: one object as RDB, so that RESTORE and MIGRATE can carry it.
 *
 *   <type> <value> <version u16> <CRC-64 of all before>      both little-endian
 *
 * To read one, verify it and give the body to a `RdbReader` with `single`.
 */
import { Crc64 } from '../base/crc64.ts';
import { CHECKSUM_BYTES, WRITTEN_VERSION, readableFormats } from './format.ts';
import { RdbWriter } from './write.ts';

export const PAYLOAD_FOOTER_BYTES: number = 2 + CHECKSUM_BYTES;

/** A fresh payload around what `write` writes: the object's type byte and its value, which `version` is the first to have. */
export function makePayload(write: (writer: RdbWriter) => void, version: number = WRITTEN_VERSION): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = new RdbWriter(
    (chunk) => {
      parts.push(chunk);
      return false;
    },
    { chunkBytes: 4096, checksum: false },
  );
  write(writer);
  writer.flush();
  // (Buffer.concat makes nothing of no parts, whatever length is asked for.)
  const body = Buffer.concat([...parts, new Uint8Array(PAYLOAD_FOOTER_BYTES)]);
  const end = body.length - CHECKSUM_BYTES;
  body.writeUInt16LE(version, end - 2);
  const crc = new Crc64();
  crc.update(body, 0, end);
  crc.writeTo(body, end);
  return body;
}

export type PayloadCheck = 'ok' | 'too-short' | 'version' | 'checksum';

/** Whether the range is a payload that we can try to read; its body is all but the last PAYLOAD_FOOTER_BYTES. `emptyAllowed`: it may have none. */
export function checkPayload(bytes: Uint8Array, at: number, length: number, emptyAllowed = false): PayloadCheck {
  // A type byte at least.
  if (length < PAYLOAD_FOOTER_BYTES || (length === PAYLOAD_FOOTER_BYTES && !emptyAllowed)) return 'too-short';
  const end = at + length - CHECKSUM_BYTES;
  const version = payloadVersion(bytes, at, length);
  // A payload has no magic word; all vendors' versions share one range of numbers.
  const { newest } = readableFormats[0]!;
  if (version > newest && !readableFormats.some((row) => version >= row.oldest && version <= row.newest))
    return 'version';
  const crc = new Crc64();
  crc.update(bytes, at, length - CHECKSUM_BYTES);
  return crc.matches(bytes, end) ? 'ok' : 'checksum';
}

/** The version in the footer of a payload that is not too short. */
export function payloadVersion(bytes: Uint8Array, at: number, length: number): number {
  const footer = at + length - PAYLOAD_FOOTER_BYTES;
  return bytes[footer]! | (bytes[footer + 1]! << 8);
}
