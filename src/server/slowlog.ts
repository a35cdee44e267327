/**
 * The slow log: commands that took longer than slowlog-log-slower-than, the newest slowlog-max-len of them. What an entry
 * keeps of a command is bounded: MAX_ARGUMENTS arguments of MAX_ARGUMENT_BYTES each.
 */
import type { Settings } from '../base/settings.ts';
import type { Clock } from '../base/ambient.ts';
import type { SlowEntry, SlowlogService } from '../commands/services.ts';

const MAX_ARGUMENTS = 32;
const MAX_ARGUMENT_BYTES = 128;

export class Slowlog implements SlowlogService {
  readonly #clock: Clock;
  readonly #settings: Settings;
  /** The oldest first. */
  #entries: SlowEntry[] = [];
  #nextId = 0;

  constructor(clock: Clock, settings: Settings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  get length(): number {
    return this.#entries.length;
  }

  newest(count: number): readonly SlowEntry[] {
    return count === 0 ? [] : this.#entries.slice(-count).toReversed();
  }

  reset(): void {
    this.#entries = [];
  }

  /** `words`: the command, with what is secret left out. They are copied as far as they are kept. */
  add(words: readonly Uint8Array[], micros: number, address: string, name: string): void {
    const { slowlogMaxLen } = this.#settings;
    if (slowlogMaxLen === 0) return;
    this.#entries.push({
      id: this.#nextId++,
      seconds: Math.floor(this.#clock.now() / 1000),
      micros: Math.floor(micros),
      words: keep(words),
      address,
      name,
    });
    this.trim();
  }

  /** The directive slowlog-max-len became smaller. */
  trim(): void {
    const surplus = this.#entries.length - this.#settings.slowlogMaxLen;
    if (surplus > 0) this.#entries.splice(0, surplus);
  }
}

function keep(words: readonly Uint8Array[]): readonly Uint8Array[] {
  const kept = words.length > MAX_ARGUMENTS ? MAX_ARGUMENTS - 1 : words.length;
  const shown = words.slice(0, kept).map((word) => {
    const more = word.length - MAX_ARGUMENT_BYTES;
    if (more <= 0) return Uint8Array.from(word);
    return Buffer.concat([word.subarray(0, MAX_ARGUMENT_BYTES), Buffer.from(`... (${more} more bytes)`)]);
  });
  if (kept < words.length) shown.push(Buffer.from(`... (${words.length - kept} more arguments)`));
  return shown;
}
