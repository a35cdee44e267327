/**
 * Between who makes a snapshot and who wants it: the request, the consumer that takes the RDB's bytes, and the hold that
 * the consumer has on the run. Back-pressure goes through `ChunkAnswer`.
 */
export interface SnapshotRequest {
  /** Offset T that the data corresponds to: everything after it follows from the stream. For the RDB's repl-offset. */
  readonly offset: number;
  readonly replid: string;
  /** Database that the stream has selected at T; for the RDB's repl-stream-db. */
  readonly streamDb: number;
  /** `disk`: the total length must be known before the first chunk (a file first, or a counting pass). */
  readonly target: 'sockets' | 'disk';
  /** What a backup tool asked to leave out (REPLCONF rdb-filter-only). */
  readonly excludeData: boolean;
  readonly excludeFunctions: boolean;
  /** The base of an append only file: marked as one, without a place in the stream, compressed if rdbcompression says so. */
  readonly aofBase?: boolean;
}

/** What the consumer answers to a chunk. */
export type ChunkAnswer =
  | 'more'
  /** Wait for `SnapshotRun.resume`. A snapshot that cannot wait may go on; the bytes then queue here. */
  | 'pause'
  /** Nobody wants it any more: stop, without calling `end` or `fail`. */
  | 'stop';

export interface SnapshotConsumer {
  /** Once, before the first chunk; null when the length is not known (`sockets`). */
  begin(totalBytes: number | null): ChunkAnswer;
  /** The bytes now belong to the consumer: they must not be changed afterwards. */
  chunk(bytes: Uint8Array): ChunkAnswer;
  end(): void;
  fail(reason: string): void;
}

export interface SnapshotRun {
  resume(): void;
  /** No call to the consumer after this. */
  cancel(): void;
}
