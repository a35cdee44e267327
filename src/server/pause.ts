/**
 * Pauses of clients: CLIENT PAUSE, the end of a server, a failover, MIGRATE and slow replicas each may hold the clients, at the same time and
 * each for its own span; what counts is the strictest of those that last.
 *
 *   'write'  commands that may change data wait         'all'  every command of a client waits
 */
import type { Clock, Timer } from '../base/ambient.ts';

export type PauseKind = 'write' | 'all';
export type PausePurpose = 'command' | 'shutdown' | 'failover' | 'migrate' | 'replicas';

export interface PauseParts {
  readonly clock: Clock;
  /** The strictest pause is another one than before. */
  changed(kind: PauseKind | 'no'): void;
}

export class Pauses {
  /** The strictest of those that last. */
  current: PauseKind | 'no' = 'no';
  readonly #parts: PauseParts;
  /** Wall clock ms at which each ends. */
  readonly #pauses: Map<PausePurpose, { readonly kind: PauseKind; readonly untilMs: number }> = new Map();
  #timer: Timer | undefined;

  constructor(parts: PauseParts) {
    this.#parts = parts;
  }

  /** A stronger or longer pause for the same purpose wins over the one that is on. */
  pause(purpose: PausePurpose, kind: PauseKind, untilMs: number): void {
    const old = this.#pauses.get(purpose);
    this.#pauses.set(purpose, {
      kind: old?.kind === 'all' ? 'all' : kind,
      untilMs: Math.max(old?.untilMs ?? 0, untilMs),
    });
    this.#update();
  }

  end(purpose: PausePurpose): void {
    if (this.#pauses.delete(purpose)) this.#update();
  }

  /** The server stops: nothing is changed any more. */
  stop(): void {
    this.#timer?.cancel();
  }

  #update(): void {
    this.#timer?.cancel();
    const now = this.#parts.clock.now();
    let strictest: PauseKind | 'no' = 'no';
    let next = Infinity;
    for (const [purpose, { kind, untilMs }] of this.#pauses) {
      if (untilMs <= now) {
        this.#pauses.delete(purpose);
        continue;
      }
      if (strictest !== 'all') strictest = kind;
      next = Math.min(next, untilMs);
    }
    if (next !== Infinity) this.#timer = this.#parts.clock.after(next - now, () => this.#update());
    if (strictest === this.current) return;
    this.current = strictest;
    this.#parts.changed(strictest);
  }
}
