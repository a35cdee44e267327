/**
 * Between who makes a snapshot and who wants it: the request, the consumer that takes the RDB's bytes, and the hold that
 * the consumer has on the run. Back-pressure goes through `ChunkAnswer`.
 */
export interface SnapshotRequest {
  readonly purpose: SnapshotPurpose;
  /**
   * Offset T that the data corresponds to: everything after it follows from the stream. For the RDB's repl-offset; -1 where
   * there is no stream.
   */
  readonly offset: number;
  readonly replid: string;
  /** Database that the stream has selected at T; for the RDB's repl-stream-db. */
  readonly streamDb: number;
  /** `disk`: the total length must be known before the first chunk, so the snapshot goes through a temporary file. */
  readonly target: 'sockets' | 'disk';
  /** What a backup tool asked to leave out (REPLCONF rdb-filter-only). */
  readonly excludeData: boolean;
  readonly excludeFunctions: boolean;
}

/**
 * sync: for replicas, not compressed: over a link that costs more time than it saves, and every reader takes plain strings.
 * save: the RDB file. rewrite: the base of an append only file, marked as one.
 */
export type SnapshotPurpose = 'sync' | 'save' | 'rewrite';

/** What the consumer answers to a chunk. */
export type ChunkAnswer =
  | 'more'
  /** Wait for `SnapshotRun.resume`. */
  | 'pause'
  /** Nobody wants it any more: stop, without calling `end` or `fail`. */
  | 'stop';

/** Called between commands only, never during `start` nor inside a command. */
export interface SnapshotConsumer {
  /** Once, before the first chunk; null when the length is not known (`sockets`). */
  begin(totalBytes: number | null): ChunkAnswer;
  /** The bytes are shared by all consumers of the snapshot: nobody may change them. */
  chunk(bytes: Uint8Array): ChunkAnswer;
  end(): void;
  fail(reason: string): void;
  /** What is used of the room for all that waits behind the snapshot, 0 to 1: the more, the less clients are spared. Absent: nothing. */
  hurry?(): number;
  /** Bytes that gathered behind the snapshot for this consumer. Absent: none. */
  waitingBytes?(): number;
}

export interface SnapshotRun {
  resume(): void;
  /**
   * The consumer does not need the first so many chunks any more that it was given: their memory may be used again. That spares
   * garbage; who says nothing harms nobody.
   */
  done(chunks: number): void;
  /** No call to the consumer after this. */
  cancel(): void;
}

/** One snapshot at a time. */
export interface SnapshotSource {
  /** What the snapshot under way is for; null: none. */
  readonly running: SnapshotPurpose | null;
  /**
   * Fixes the data as of now. A request of the same kind and offset joins a snapshot that has not given out a byte; otherwise
   * there must be none under way (`whenIdle`).
   */
  start(request: SnapshotRequest, consumer: SnapshotConsumer): SnapshotRun;
  /** Runs `task` once, as soon as no snapshot is under way: at once, or between two commands. */
  whenIdle(task: () => void): void;
}
