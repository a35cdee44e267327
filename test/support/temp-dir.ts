/** Temporary directories that do not outlive the test process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './at-exit.ts';

export interface TempDir {
  readonly path: string;
  /** Removes it and all in it; may be called again. */
  remove(): void;
}

/** Removed at `remove`, or at the latest when the process exits or is told to. */
export function tempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), 'headwater-test-'));
  const remove = (): void => {
    cancel();
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  };
  const cancel = atExit(remove);
  return { path, remove };
}
