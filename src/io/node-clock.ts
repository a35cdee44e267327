/**
 * Real time. `now` is the wall clock and may jump; `monotonic` never goes back; `nowMicros` is the wall
 * clock with microseconds, which Node does not offer: it is a wall-clock anchor plus monotonic time,
 * re-anchored when the two drift apart.
 */
import type { Clock, Timer } from '../base/ambient.ts';

/** setTimeout's longest delay; a longer one would fire at once. */
const longestDelayMs = 2 ** 31 - 1;

/** How far `nowMicros` may be from `now` before it takes a new anchor. */
const largestDriftMs = 2;

export function nodeClock(): Clock {
  return new NodeClock();
}

class NodeClock implements Clock {
  #anchorWallMs = Date.now();
  #anchorMonotonicMs: number = performance.now();

  now(): number {
    return Date.now();
  }

  nowMicros(): number {
    const wallMs = Date.now();
    const monotonicMs = performance.now();
    let preciseMs = this.#anchorWallMs + (monotonicMs - this.#anchorMonotonicMs);
    if (Math.abs(preciseMs - wallMs) > largestDriftMs) {
      this.#anchorWallMs = wallMs;
      this.#anchorMonotonicMs = monotonicMs;
      preciseMs = wallMs;
    }
    return Math.floor(preciseMs * 1000);
  }

  monotonic(): number {
    return performance.now();
  }

  waited(): number {
    return performance.eventLoopUtilization().idle;
  }

  after(delayMs: number, task: () => void): Timer {
    let handle: NodeJS.Timeout;
    const arm = (remainingMs: number): void => {
      handle =
        remainingMs <= longestDelayMs
          ? setTimeout(task, remainingMs)
          : setTimeout(() => arm(remainingMs - longestDelayMs), longestDelayMs);
    };
    arm(Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  }

  every(periodMs: number, task: () => void): Timer {
    const handle = setInterval(task, Math.min(Math.max(1, periodMs), longestDelayMs));
    return { cancel: () => clearInterval(handle) };
  }

  soon(task: () => void): void {
    setImmediate(task);
  }
}
