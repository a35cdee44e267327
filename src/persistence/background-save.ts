/**
 * One BGSAVE: a snapshot goes into a temporary file, which takes the RDB file's name once it is complete and on the disk. Any
 * failure leaves the old file and no other.
 */
import { posix } from 'node:path';
import type { Disk } from '../io/world.ts';
import { type FileOwner, type FileStage, FileWriter } from '../snapshot/file-writer.ts';
import type { SnapshotRequest, SnapshotSource } from '../snapshot/ports.ts';
import { diskErrorText } from './disk-error.ts';

export interface BackgroundSaveParts {
  readonly disk: Disk;
  readonly snapshots: SnapshotSource;
  readonly request: SnapshotRequest;
  readonly temporary: string;
  readonly path: string;
  /** Null: the file is in place. Otherwise the line for the log. */
  done(failure: string | null): void;
}

export class BackgroundSave implements FileOwner {
  readonly #parts: BackgroundSaveParts;
  readonly #file: FileWriter;
  /** Names, for the log. */
  readonly #temporary: string;
  readonly #directory: string;
  #over = false;

  /** Starts it. */
  constructor(parts: BackgroundSaveParts) {
    this.#parts = parts;
    this.#temporary = posix.basename(parts.temporary);
    this.#directory = posix.dirname(parts.temporary);
    this.#file = new FileWriter(parts.disk, parts.temporary, this);
    this.#file.run = parts.snapshots.start(parts.request, this.#file);
  }

  /** Nothing of it remains, and `done` is not called. Too late once the file was complete: then it takes its name. */
  cancel(): void {
    this.#over = true;
    this.#file.abandon();
  }

  written(): void {
    void this.#rename();
  }

  failed(stage: FileStage, error: unknown): void {
    const stages: { readonly [S in FileStage]: string } = {
      open: `Failed opening the temp RDB file ${this.#temporary} (in server root dir ${this.#directory}) for saving: `,
      write: 'Write error saving DB on disk(rdbSaveRio): ',
      fsync: 'Write error saving DB on disk(fsync): ',
    };
    this.#done(stages[stage] + reasonOf(error));
  }

  given(reason: string): void {
    this.#done(`Write error saving DB on disk: ${reason}`);
  }

  async #rename(): Promise<void> {
    const { disk, temporary, path } = this.#parts;
    let failure =
      `Error moving temp DB file ${this.#temporary} on the final destination ${posix.basename(path)} ` +
      `(in server root dir ${this.#directory}): `;
    try {
      await disk.rename(temporary, path);
      failure = 'Write error saving DB on disk(fsyncFileDir): ';
      await disk.syncDirectory(this.#directory);
    } catch (error) {
      const reason = reasonOf(error);
      // After the rename there is none.
      await disk.remove(temporary).catch(() => {});
      this.#done(failure + reason);
      return;
    }
    this.#done(null);
  }

  #done(failure: string | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#parts.done(failure);
  }
}

/** What is not the disk's fault is ours. */
function reasonOf(error: unknown): string {
  const reason = diskErrorText(error);
  if (reason === undefined) throw error;
  return reason;
}
