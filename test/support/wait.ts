/**
 * Waiting for events instead of milliseconds: poll a condition quickly, give up at a deadline, and say then what
 * was awaited and what the condition returned last.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** What is awaited, as it completes "timed out waiting for ...". */
  readonly what: string;
  /** Default: 30 s. */
  readonly timeoutMs?: number;
  /** Pause between two looks. Default: 5 ms. */
  readonly intervalMs?: number;
}

/** Resolves to the first truthy value of `condition`. An error that it throws counts as "not yet". */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 30_000, intervalMs = 5 }: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`timed out after ${timeoutMs} ms waiting for ${what}; last: ${show(last)}`);
    }
    await sleep(intervalMs);
  }
}

/** Resolves as `promise` does, or rejects after `timeoutMs`, naming `what`. */
export function within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`timed out after ${timeoutMs} ms waiting for ${what}`)), timeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function show(value: unknown): string {
  if (value instanceof Error) return value.message;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
