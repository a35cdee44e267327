/** What must not outlive the test process, however it ends: one listener for all of it, since Node warns of more than ten. */

const tasks = new Set<() => void>();

/** Runs `task` when the process exits or is told to; the answer takes that back. Newest first, as things depend on older ones. */
export function atExit(task: () => void): () => void {
  if (tasks.size === 0) process.on('exit', runAll);
  exitWhenTold();
  tasks.add(task);
  return () => {
    tasks.delete(task);
    if (tasks.size === 0) process.off('exit', runAll);
  };
}

function runAll(): void {
  for (const task of [...tasks].toReversed()) task();
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
