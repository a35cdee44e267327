/**
 * One rewrite of the append only file: a snapshot goes into a temporary file, as it is (an RDB) or as commands. The
 * snapshot is of the moment at which the rewrite was started; whoever starts it sends later commands elsewhere.
 *
 *   snapshot ── chunks ──> | queue, QUEUE_BYTES | ── async writes ──> temp-rewriteaof-bg-<pid>.aof ── fsync ──> done
 */
import type { Disk, DiskFile } from '../io/world.ts';
import type { ChunkAnswer, SnapshotConsumer, SnapshotRun } from '../snapshot/ports.ts';
import { diskErrorText } from './disk-error.ts';

/** Bytes that wait for the disk before the snapshot is asked to wait. */
const QUEUE_BYTES = 4 * 1024 * 1024;

/** Turns the bytes of an RDB into those of the base file. */
export interface BaseEncoder {
  /** Takes a piece of the RDB; returns what it became. */
  push(chunk: Uint8Array): readonly Uint8Array[];
}

export interface AofRewriteParts {
  readonly disk: Disk;
  readonly path: string;
  /** Null: the base is the RDB itself. */
  readonly encoder: BaseEncoder | null;
  /** The file is complete and on disk. */
  done(bytes: number): void;
  /** Nothing is left of the file. */
  failed(reason: string): void;
}

export class AofRewrite implements SnapshotConsumer {
  readonly #parts: AofRewriteParts;
  #run: SnapshotRun | null = null;
  #file: DiskFile | null = null;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #chunks = 0;
  #bytes = 0;
  #paused = false;
  /** The snapshot said that it is complete. */
  #complete = false;
  #over = false;

  constructor(parts: AofRewriteParts) {
    this.#parts = parts;
    void this.#write();
  }

  /** To be called with what `startSnapshot` returned. */
  started(run: SnapshotRun): void {
    this.#run = run;
    if (this.#over) run.cancel();
  }

  begin(): ChunkAnswer {
    return this.#over ? 'stop' : 'more';
  }

  chunk(bytes: Uint8Array): ChunkAnswer {
    if (this.#over) return 'stop';
    const { encoder } = this.#parts;
    this.#chunks++;
    for (const piece of encoder === null ? [bytes] : encoder.push(bytes)) {
      this.#queue.push(piece);
      this.#queued += piece.length;
    }
    this.#wake();
    if (this.#queued < QUEUE_BYTES) return 'more';
    this.#paused = true;
    return 'pause';
  }

  end(): void {
    this.#complete = true;
    this.#wake();
  }

  fail(reason: string): void {
    this.#fail(reason);
    this.#wake();
  }

  /** Nobody wants it any more: neither `done` nor `failed` is called after this. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#run?.cancel();
    this.#wake();
  }

  #wake: () => void = () => {};

  async #write(): Promise<void> {
    const { disk, path } = this.#parts;
    try {
      this.#file = await disk.create(path);
      for (;;) {
        const queue = this.#queue;
        if (this.#over) break;
        if (queue.length === 0) {
          if (this.#complete) break;
          await new Promise<void>((resolve) => (this.#wake = resolve));
          continue;
        }
        this.#queue = [];
        this.#queued = 0;
        const chunks = this.#chunks;
        for (const piece of queue) {
          if (this.#over) break;
          await this.#file.write(piece);
          this.#bytes += piece.length;
        }
        // What an encoder makes of them may refer to them.
        if (this.#parts.encoder === null) this.#run?.done(chunks);
        if (this.#paused) {
          this.#paused = false;
          this.#run?.resume();
        }
      }
      if (!this.#over) await this.#file.sync();
    } catch (error) {
      const reason = diskErrorText(error);
      if (reason === undefined) throw error;
      this.#fail(`Write error writing append only file on disk: ${reason}`);
    }
    try {
      await this.#file?.close();
    } catch (error) {
      this.#fail(`Write error writing append only file on disk: ${diskErrorText(error) ?? String(error)}`);
    }
    if (!this.#over) {
      this.#over = true;
      this.#parts.done(this.#bytes);
      return;
    }
    await disk.remove(path).catch(() => {});
    this.#reportFailure();
  }

  #reportFailure: () => void = () => {};

  #fail(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#queue = [];
    this.#run?.cancel();
    // Told once the file is gone, so that the next attempt may use its name.
    this.#reportFailure = () => this.#parts.failed(reason);
  }
}
