/**
 * The consumer of a rehearsal: it takes some of a snapshot and lets it go.
 *
 * V8 compiles a walk, and what commands do beside one, while they run for the first time, on threads of its own. In a process's
 * first full sync those want processors together with the replica, and clients wait. So the server walks a little before
 * anybody asks for a snapshot: as soon as there is so much data that its snapshot would take a while.
 */
import type { ChunkAnswer, SnapshotConsumer, SnapshotRun } from './ports.ts';

export class Rehearsal implements SnapshotConsumer {
  /** To be set before the first call. */
  run: SnapshotRun | null = null;
  #bytesLeft: number;
  #chunks = 0;

  /** `bytes`: how much it takes. */
  constructor(bytes: number) {
    this.#bytesLeft = bytes;
  }

  begin(): ChunkAnswer {
    return 'more';
  }

  chunk(bytes: Uint8Array): ChunkAnswer {
    this.#bytesLeft -= bytes.length;
    this.run?.done(++this.#chunks);
    return this.#bytesLeft > 0 ? 'more' : 'stop';
  }

  /** There is less data by now. */
  end(): void {}

  /** Clients changed too much at once. It was no more than a rehearsal. */
  fail(): void {}
}
