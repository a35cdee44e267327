/**
 * The bounds of snapshots, and what happens when one is reached. Tests make them small, so that little data meets them all.
 */
import { DEFAULT_COMPRESS_LIMIT_BYTES } from '../rdb/write.ts';

export interface SnapshotLimits {
  /** Longest stretch of work between two looks at the clients, ms... */
  readonly sliceMs: number;
  /** ... and the shortest. */
  readonly leastSliceMs: number;
  /** ... or the shortest while clients are busy: it fits between their replies and their next commands. */
  readonly leastBusySliceMs: number;
  /** Clients that use no more than this share of the time get the shortest slices between their commands, and no rest besides. */
  readonly calmShare: number;
  /** Between slices others are left so many times the time that they use... */
  readonly headroom: number;
  /** (a command counts for so long at least, ms: who sends many of them waits for them, and uses more than a processor's time) ... */
  readonly commandMs: number;
  /** ... but no more than so many ms for each of the walk, copies included: throughput stays above 0.8. */
  readonly mostRest: number;
  /** What gathers behind the snapshot for a consumer should be no more than this part of the data in the end... */
  readonly waitingShare: number;
  /** ... or so many bytes, if that is more... */
  readonly waitingLeastBytes: number;
  /** ... for which this much of clients' time is given up at most. */
  readonly waitingHurry: number;
  /** So long after a slice comes the next, however much writers made us copy: there is always progress, ms. */
  readonly longestRestMs: number;
  /** Entries or elements written between two looks at the clock. */
  readonly stepItems: number;
  /** Collections with more elements and buckets are written piece by piece... */
  readonly bigElements: number;
  /** ... or more memory in elements... */
  readonly bigTableBytes: number;
  /** ... lists and streams with more nodes... */
  readonly bigNodes: number;
  /** ... and longer strings, as values and in collections, too... */
  readonly bigStringBytes: number;
  /** ... of which those that are longer than this are not compressed. */
  readonly packedStringBytes: number;
  /** What is long is written in pieces of about so many bytes, and not more is written between two looks at the clock. */
  readonly pieceBytes: number;
  /** Size of the pieces that go to consumers. */
  readonly chunkBytes: number;
  /** The walk rests while every consumer still has so much to take. */
  readonly aheadBytes: number;
  /** The walk rests while some consumer has so much to take, and others wait for it... */
  readonly lagBytes: number;
  /** ... for so long, ms: then it is dropped. */
  readonly lagPatienceMs: number;
  /**
   * Writers go on while a consumer pauses, and what they change is copied before. When copies and unread chunks exceed
   * this, the slowest consumer is dropped; the snapshot fails if that does not help.
   */
  readonly copiedBytes: number;
  /** A consumer that took nothing for so long is dropped, ms. */
  readonly stallMs: number;
  /** With so much data a process rehearses its first snapshot... */
  readonly rehearseFromBytes: number;
  /** ... for so many bytes of it. */
  readonly rehearsalBytes: number;
  /** A snapshot that neither made nor gave out anything for so long fails, ms. */
  readonly watchdogMs: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const snapshotLimits: SnapshotLimits = {
  sliceMs: 1,
  leastSliceMs: 0.2,
  leastBusySliceMs: 0.03,
  calmShare: 0.06,
  headroom: 10,
  commandMs: 0.01,
  mostRest: 5,
  waitingShare: 0.32,
  waitingLeastBytes: 32 * MIB,
  waitingHurry: 0.85,
  longestRestMs: 8,
  stepItems: 64,
  bigElements: 1024,
  bigTableBytes: 64 * KIB,
  bigNodes: 16,
  bigStringBytes: 64 * KIB,
  packedStringBytes: DEFAULT_COMPRESS_LIMIT_BYTES,
  pieceBytes: 64 * KIB,
  chunkBytes: 128 * KIB,
  aheadBytes: MIB,
  lagBytes: 32 * MIB,
  lagPatienceMs: 10_000,
  copiedBytes: 256 * MIB,
  stallMs: 60_000,
  rehearseFromBytes: 16 * MIB,
  rehearsalBytes: 64 * MIB,
  watchdogMs: 120_000,
};
