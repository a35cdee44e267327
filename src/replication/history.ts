/**
 * Whose writes this data set is made of, and how many of them: the identity that PSYNC2 compares.
 *
 *   replid   names the current history; masterReplOffset counts its bytes.
 *   replid2  names the history we came from before a promotion; it is ours up to secondReplidOffset - 1.
 *
 * Rule: an id names exactly one sequence of bytes. Whoever may write on its own takes a new id first.
 */
import { assert } from '../base/assert.ts';
import type { Random } from '../base/ambient.ts';

/** What Redis shows for "no second id". */
export const NO_REPLID: string = '0'.repeat(40);

export class History {
  /** 40 lower-case hex digits. */
  replid: string;
  replid2: string = NO_REPLID;
  /** Number of the newest byte; the first byte ever has number 1, so 0 means nothing was written. */
  masterReplOffset = 0;
  /** First offset that is no longer valid for replid2; -1 when there is none. */
  secondReplidOffset = -1;

  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
    this.replid = randomHex(random);
  }

  /** Takes a new id: what we write from now on is no one else's history. Offsets are kept. */
  changeReplid(): void {
    this.replid = randomHex(this.#random);
  }

  clearReplid2(): void {
    this.replid2 = NO_REPLID;
    this.secondReplidOffset = -1;
  }

  /** A promoted replica: the old id stays valid up to here as the second one, so that siblings continue with us. */
  promote(): void {
    this.adopt(randomHex(this.#random));
  }

  /** +CONTINUE with a new id: our master was promoted. Its new history contains all that we have. */
  adopt(replid: string): void {
    this.replid2 = this.replid;
    this.secondReplidOffset = this.masterReplOffset + 1;
    this.replid = replid;
  }

  /** A full resync: we now have the master's data at this offset and nothing of our own past. */
  replace(replid: string, offset: number): void {
    assert(offset >= 0 && Number.isSafeInteger(offset), 'a replication offset is a safe integer');
    this.replid = replid;
    this.masterReplOffset = offset;
    this.clearReplid2();
  }
}

/** 40 hex digits of cryptographic randomness: replids, run ids and end-of-payload marks. */
export function randomHex(random: Random): string {
  const bytes = new Uint8Array(20);
  random.fill(bytes);
  return Buffer.from(bytes).toString('hex');
}

/** Whether a peer's word can be a replid. */
export function isReplid(text: string): boolean {
  return /^[0-9a-zA-Z]{40}$/.test(text);
}
