/** Temporary directories that do not outlive the test process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDir {
  readonly path: string;
  /** Removes it and all in it; may be called again. */
  remove(): void;
}

/** Removed at `remove`, or at the latest when the process exits. */
export function tempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), 'headwater-test-'));
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  };
  process.on('exit', remove);
  return { path, remove };
}
