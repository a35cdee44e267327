/** Temporary directories that do not outlive the test process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDir {
  readonly path: string;
  /** Removes it and all in it; may be called again. */
  remove(): void;
}

/** Removed at `remove`, or at the latest when the process exits or is told to. */
export function tempDir(): TempDir {
  exitWhenTold();
  const path = mkdtempSync(join(tmpdir(), 'headwater-test-'));
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  };
  process.on('exit', remove);
  return { path, remove };
}

/**
 * A test that the runner gives up, or that somebody interrupts: 'exit' handlers run only where the signals are handled. A test
 * with a handler of its own does as it likes.
 */
function exitWhenTold(): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    if (process.listenerCount(signal) === 0)
      process.on(signal, () => {
        if (process.listenerCount(signal) === 1) process.exit(code);
      });
}
