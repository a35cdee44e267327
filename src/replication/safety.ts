/**
 * Interlocks of a replica that Redis does not have, all off by default: which masters it may follow
 * (`replica-allowed-masters`), and which data it will not trade its own for (`replica-refuse-empty-master`). Pure.
 */
import { globMatch } from '../base/glob.ts';

/**
 * Whether `host`, or `host:port`, matches one of the glob patterns, which blanks separate. No pattern allows every master.
 */
export function isAllowedMaster(patterns: string, host: string, port: number): boolean {
  const words = patterns.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) return true;
  const names = [host.toLowerCase(), `${host.toLowerCase()}:${port}`].map((name) => Buffer.from(name, 'latin1'));
  return words.some((word) => {
    const pattern = Buffer.from(word.toLowerCase(), 'latin1');
    return names.some((name) => globMatch(pattern, 0, pattern.length, name, 0, name.length, false));
  });
}

export type Refusal =
  /** The master has no keys at all, and we have some: it lost its data, and would take ours too. */
  | 'empty'
  /** The master we followed before is behind us: it came back with older data. */
  | 'regressed';

export interface Offer {
  /** Keys in the payload; null while it has not come. */
  readonly keys: number | null;
  /** Offset of the payload; null from a master that names none. */
  readonly offset: number | null;
  readonly ownKeys: number;
  readonly ownOffset: number;
  /** The link to this very master was up before. */
  readonly followedBefore: boolean;
}

/** Why a full resync is refused; null if it is welcome. */
export function refuses({ keys, offset, ownKeys, ownOffset, followedBefore }: Offer): Refusal | null {
  if (ownKeys === 0) return null;
  if (keys === 0) return 'empty';
  if (followedBefore && offset !== null && offset < ownOffset) return 'regressed';
  return null;
}
