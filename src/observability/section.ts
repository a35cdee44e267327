/** What a section of INFO is: a title and rows, computed when asked for. Reads the server, changes nothing. */
import type { InfoRow } from '../replication/status.ts';
import type { Server } from '../server/server.ts';

export type { InfoRow } from '../replication/status.ts';

export interface InfoSection {
  /** As clients ask for it, lower case. */
  readonly name: string;
  readonly title: string;
  /** Shown by INFO without arguments. */
  readonly byDefault: boolean;
  /** Not even INFO EVERYTHING shows it. */
  readonly onlyByName?: boolean;
  readonly rows: (server: Server) => readonly InfoRow[];
}

/** Redis's short form of a size: 1.63M. */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(2)}${UNITS[unit]!}`;
}

const UNITS = 'KMGTP';

/** A ratio that is 0 when there is nothing to divide by. */
export function ratio(value: number, by: number): number {
  return by > 0 ? value / by : 0;
}

/** Text that may hold any character (a path), as the byte string that replies are made of. */
export function byteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
