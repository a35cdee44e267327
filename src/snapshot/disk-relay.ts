/**
 * A snapshot whose length must be known before its first byte (`repl-diskless-sync no`, or a replica that does not know marks):
 * it goes into a temporary file, and from there to each consumer at its own pace. The file has no name any more once all have
 * opened it, so that nothing of it stays whatever happens.
 */
import type { Log } from '../base/ambient.ts';
import type { Disk, DiskReader } from '../io/world.ts';
import { type FileOwner, FileWriter } from './file-writer.ts';
import type { ChunkAnswer, SnapshotConsumer, SnapshotRequest, SnapshotRun } from './ports.ts';

const READ_BYTES: number = 256 * 1024;

export class DiskRelay implements FileOwner {
  readonly file: FileWriter;
  readonly #disk: Disk;
  readonly #path: string;
  readonly #request: SnapshotRequest;
  readonly #log: Log;
  readonly #readers: Set<Reader> = new Set();
  #state: 'writing' | 'sending' | 'over' = 'writing';

  constructor(disk: Disk, path: string, request: SnapshotRequest, log: Log) {
    this.#disk = disk;
    this.#path = path;
    this.#request = request;
    this.#log = log;
    this.file = new FileWriter(disk, path, this);
  }

  begin(run: SnapshotRun): void {
    this.file.run = run;
  }

  /** Until the file is complete, who wants the same may join. */
  accepts(request: SnapshotRequest): boolean {
    return (
      this.#state === 'writing' &&
      this.#readers.size > 0 &&
      request.offset === this.#request.offset &&
      request.excludeData === this.#request.excludeData &&
      request.excludeFunctions === this.#request.excludeFunctions
    );
  }

  join(consumer: SnapshotConsumer): SnapshotRun {
    const reader = new Reader(consumer, () => {
      this.#readers.delete(reader);
      if (this.#readers.size === 0 && this.#state === 'writing') this.stop();
    });
    this.#readers.add(reader);
    return reader;
  }

  /** The file is not wanted any more. */
  stop(): void {
    if (this.#state === 'writing') this.file.abandon();
    this.#state = 'over';
    for (const reader of [...this.#readers]) reader.cancel();
  }

  written(bytes: number): void {
    this.#state = 'sending';
    void this.#send(bytes);
  }

  failed(_stage: string, error: unknown): void {
    this.#end(`the temporary file could not be written: ${error instanceof Error ? error.message : String(error)}`);
  }

  given(reason: string): void {
    this.#end(reason);
  }

  async #send(bytes: number): Promise<void> {
    const readers = [...this.#readers];
    try {
      await Promise.all(readers.map(async (reader) => reader.open(await this.#disk.openRead(this.#path))));
    } catch (error) {
      this.#remove();
      this.failed('open', error);
      return;
    }
    this.#remove();
    for (const reader of readers) void reader.send(bytes);
  }

  #end(reason: string): void {
    this.#state = 'over';
    for (const reader of [...this.#readers]) reader.fail(reason);
  }

  #remove(): void {
    try {
      this.#disk.removeSync(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      this.#log.warning(`Cannot remove ${this.#path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** One consumer's way through the file. */
class Reader implements SnapshotRun {
  readonly #consumer: SnapshotConsumer;
  readonly #left: () => void;
  #file: DiskReader | null = null;
  #resumed: (() => void) | null = null;
  #gone = false;
  /** Memory of the last piece, and of the next one if the consumer is done with the last. */
  #piece: Uint8Array | null = null;
  #spare: Uint8Array | null = null;
  #pieces = 0;

  constructor(consumer: SnapshotConsumer, left: () => void) {
    this.#consumer = consumer;
    this.#left = left;
  }

  open(file: DiskReader): void {
    this.#file = file;
    if (this.#gone) void this.#close();
  }

  resume(): void {
    const resumed = this.#resumed;
    this.#resumed = null;
    resumed?.();
  }

  done(chunks: number): void {
    if (chunks === this.#pieces) this.#spare = this.#piece;
  }

  cancel(): void {
    if (this.#gone) return;
    this.#leave();
    this.resume();
  }

  fail(reason: string): void {
    if (this.#gone) return;
    this.#leave();
    void this.#close();
    this.#consumer.fail(reason);
  }

  async send(totalBytes: number): Promise<void> {
    await this.#obey(this.#consumer.begin(totalBytes));
    for (let left = totalBytes; left > 0 && !this.#gone;) {
      const piece = await this.#read(Math.min(left, READ_BYTES));
      if (piece === undefined) return;
      left -= piece.length;
      this.#pieces++;
      await this.#obey(this.#consumer.chunk(piece));
    }
    await this.#close();
    if (this.#gone) return;
    this.#leave();
    this.#consumer.end();
  }

  /** The next bytes of the file; undefined when there is no more to be done. */
  async #read(most: number): Promise<Uint8Array | undefined> {
    const buffer = this.#spare ?? new Uint8Array(READ_BYTES);
    this.#piece = buffer;
    this.#spare = null;
    let read: number;
    try {
      read = (await this.#file?.read(buffer.subarray(0, most))) ?? 0;
    } catch (error) {
      this.fail(`the temporary file could not be read: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
    if (read === 0) this.fail('the temporary file is shorter than it was');
    if (!this.#gone) return buffer.subarray(0, read);
    await this.#close();
    return undefined;
  }

  async #obey(answer: ChunkAnswer): Promise<void> {
    if (answer === 'stop') this.#leave();
    if (answer !== 'pause' || this.#gone) return;
    await new Promise<void>((resolve) => {
      this.#resumed = resolve;
    });
  }

  #leave(): void {
    this.#gone = true;
    this.#left();
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    try {
      await file?.close();
    } catch {
      // It was only read.
    }
  }
}
