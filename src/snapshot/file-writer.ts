/**
 * A snapshot's consumer that writes a file: opened, written and flushed to the disk without blocking, one operation at a time.
 * A file that is not completed is removed; what becomes of one that is, is its owner's business.
 */
import type { Disk, DiskFile } from '../io/world.ts';
import type { ChunkAnswer, SnapshotConsumer, SnapshotRun } from './ports.ts';

export type FileStage = 'open' | 'write' | 'fsync';

export interface FileOwner {
  /** The file is complete and on the disk. */
  written(bytes: number): void;
  /** The disk refused, at this stage. */
  failed(stage: FileStage, error: unknown): void;
  /** The snapshot gave up. */
  given(reason: string): void;
}

/** Bytes that may wait for the disk before the snapshot rests. */
const MAX_QUEUED_BYTES: number = 1024 * 1024;

export class FileWriter implements SnapshotConsumer {
  /** Set by the owner when the snapshot has started. */
  run: SnapshotRun | null = null;
  readonly #disk: Disk;
  readonly #path: string;
  readonly #owner: FileOwner;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #bytes = 0;
  #chunks = 0;
  #file: DiskFile | null = null;
  #stage: FileStage = 'open';
  #busy = false;
  #ended = false;
  #over = false;

  constructor(disk: Disk, path: string, owner: FileOwner) {
    this.#disk = disk;
    this.#path = path;
    this.#owner = owner;
  }

  begin(): ChunkAnswer {
    void this.#work();
    return 'more';
  }

  chunk(bytes: Uint8Array): ChunkAnswer {
    if (this.#over) return 'stop';
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    void this.#work();
    return this.#queuedBytes < MAX_QUEUED_BYTES ? 'more' : 'pause';
  }

  end(): void {
    this.#ended = true;
    void this.#work();
  }

  fail(reason: string): void {
    if (this.#over) return;
    this.abandon();
    this.#owner.given(reason);
  }

  /** Stops and removes the file, without a word to the owner. */
  abandon(): void {
    if (this.#over) return;
    this.#over = true;
    this.#queue.length = 0;
    this.run?.cancel();
    // At once, for the process may be about to end; and again when an operation under way is over, for that may create it.
    if (this.#file !== null || this.#busy) this.#remove();
    if (!this.#busy) void this.#close();
  }

  async #work(): Promise<void> {
    if (this.#busy || this.#over) return;
    this.#busy = true;
    try {
      this.#file ??= await this.#disk.create(this.#path);
      this.#stage = 'write';
      while (!this.#over && this.#queue.length > 0) {
        const chunk = this.#queue.shift()!;
        await this.#file.write(chunk);
        this.#bytes += chunk.length;
        this.#queuedBytes -= chunk.length;
        this.run?.done(++this.#chunks);
        if (!this.#over) this.run?.resume();
      }
      if (this.#ended && !this.#over) {
        this.#stage = 'fsync';
        await this.#file.sync();
      }
    } catch (error) {
      await this.#close();
      this.#remove();
      if (this.#over) return;
      this.#over = true;
      this.run?.cancel();
      this.#owner.failed(this.#stage, error);
      return;
    } finally {
      this.#busy = false;
    }
    if (!this.#ended && !this.#over) return;
    await this.#close();
    if (this.#over) {
      this.#remove();
      return;
    }
    this.#over = true;
    this.#owner.written(this.#bytes);
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    try {
      await file?.close();
    } catch {
      // What it held is on the disk already, or not wanted any more.
    }
  }

  #remove(): void {
    try {
      this.#disk.removeSync(this.#path);
    } catch {
      // It may not exist; there is nothing more to do about it.
    }
  }
}
