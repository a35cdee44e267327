/**
 * The command table: rows compiled for dispatch. A name is looked up straight from the request's bytes, without making
 * a string; flags become booleans that the main path reads.
 */
import type { Args } from '../resp/args.ts';
import { assert } from '../base/assert.ts';
import { LatencyHistogram } from '../base/latency-histogram.ts';
import type { Call } from './call.ts';
import { categoriesOf } from './command-facts.ts';
import type { Protection } from './protected.ts';
import type { CommandFlag, CommandRow } from './row.ts';

/** A compiled row. */
/** Commands that Redis lets run without memory, but that take more of it for each of their arguments. */
const NEED_ROOM: ReadonlySet<string> = new Set(['xclaim', 'hexpire', 'hpexpire', 'hexpireat', 'hpexpireat', 'hgetex']);

export class Command {
  /** Its place among all commands and subcommands of the table: access control keeps a bit for each. */
  readonly id: number;
  readonly row: CommandRow;
  readonly name: string;
  readonly arity: number;
  readonly handler: ((call: Call) => void) | undefined;
  readonly isWrite: boolean;
  /** Reads or writes data and nothing else: it can open or close no gate. */
  readonly isPlain: boolean;
  readonly isReadonly: boolean;
  readonly denyOom: boolean;
  /** What its arguments may ask of the arena is made sure of before it runs. */
  readonly needsRoom: boolean;
  readonly allowLoading: boolean;
  readonly noAsyncLoading: boolean;
  readonly allowStale: boolean;
  readonly noAuth: boolean;
  readonly noMulti: boolean;
  readonly mayReplicate: boolean;
  readonly isFast: boolean;
  readonly skipSlowlog: boolean;
  /** MONITOR shows it. */
  readonly isMonitored: boolean;
  /** It may take long though its arguments are short: by nature, or as its replies have shown. */
  mayBeSlow: boolean;
  readonly protection: Protection | undefined;
  /** ACL categories, without '@'. */
  readonly categories: ReadonlySet<string>;
  readonly subcommands: ReadonlyMap<string, Command> | undefined;
  // commandstats and latency figures. Calls are exact, times are of a sample (see `took`).
  calls = 0;
  /** Every call is timed, so that none is missed that is slow. */
  timed = true;
  #timeAll = false;
  /** Microseconds of all calls, as far as the sample tells. */
  micros = 0;
  readonly latency: LatencyHistogram = new LatencyHistogram();
  rejected = 0;
  failed = 0;

  /** `nextId` hands out ids. */
  constructor(row: CommandRow, nextId: () => number) {
    this.id = nextId();
    const has = (flag: CommandFlag): boolean => row.flags.includes(flag);
    this.row = row;
    this.name = row.name;
    this.arity = row.arity;
    this.handler = row.handler;
    this.isWrite = has('write');
    this.isReadonly = has('readonly');
    this.denyOom = has('denyoom');
    this.needsRoom = this.isWrite && (this.denyOom || NEED_ROOM.has(row.name));
    this.allowLoading = has('loading');
    this.noAsyncLoading = has('no_async_loading');
    this.allowStale = has('stale');
    this.noAuth = has('no_auth');
    this.noMulti = has('no_multi');
    this.mayReplicate = has('may_replicate');
    this.isFast = has('fast');
    this.skipSlowlog = has('skip_slowlog');
    this.isMonitored = !has('admin') && !has('skip_monitor');
    this.mayBeSlow = !this.isFast && row.complexity !== 'O(1)';
    this.protection = row.protection;
    this.categories = new Set(categoriesOf(row).map((name) => name.slice(1)));
    this.isPlain = (this.isWrite || this.isReadonly) && !this.noMulti && !this.categories.has('dangerous');
    this.subcommands =
      row.subcommands === undefined
        ? undefined
        : new Map(row.subcommands.map((sub) => [sub.name.slice(sub.name.indexOf('|') + 1), new Command(sub, nextId)]));
    assert(row.handler !== undefined || row.subcommands !== undefined, `command ${row.name} has no handler`);
  }

  resetStatistics(): void {
    this.calls = this.micros = this.rejected = this.failed = 0;
    this.latency.reset();
    this.timed = true;
  }

  /** From now on every call is timed, or only as many as it takes to know: the first ones, and one in SAMPLE_EVERY. */
  timeAll(all: boolean): void {
    this.#timeAll = all;
    this.timed = all || this.mayBeSlow || this.calls < SAMPLE_EVERY;
  }

  /** A call made a reply of a size that takes time. */
  repliedLargely(): void {
    this.timed = this.mayBeSlow = true;
  }

  /** The call just counted took so long, and stands for those that were not timed. `tracking`: latency-tracking. */
  took(micros: number, tracking: boolean): void {
    const weight = this.timed ? 1 : ((this.calls - 1) & SAMPLE_MASK) === 0 ? SAMPLE_EVERY : 0;
    if (weight === 0) return;
    this.micros += micros * weight;
    if (tracking) this.latency.record(micros, weight);
    if (this.timed && this.calls >= SAMPLE_EVERY) this.timeAll(this.#timeAll);
  }

  /** Whether `count` arguments (name included) are acceptable. */
  acceptsCount(count: number): boolean {
    return this.arity >= 0 ? count === this.arity : count >= -this.arity;
  }
}

/** Of so many calls of a quick command one is timed, as reading the clock may cost half of it. A power of two. */
const SAMPLE_EVERY = 32;
/** A call is timed whose number has none of these bits. */
export const SAMPLE_MASK: number = SAMPLE_EVERY - 1;

const TABLE_BITS = 11;
const NAME_MAX = 32;

export class CommandTable {
  /** By lower-case name, in the order of registration. */
  readonly byName: Map<string, Command> = new Map();
  /** By the name of its row, "container|sub" for a subcommand; rename-command changes nothing here. */
  readonly originals: ReadonlyMap<string, Command>;
  #idCount = 0;
  // Open addressing over a hash of the name's length and first, middle and last letters.
  #slots: (Command | undefined)[] = [];

  constructor(families: readonly (readonly CommandRow[])[]) {
    for (const family of families)
      for (const row of family) {
        assert(!this.byName.has(row.name), `command ${row.name} is registered twice`);
        this.byName.set(row.name, new Command(row, () => this.#idCount++));
      }
    this.originals = new Map([...this.all()].map((command) => [command.name, command]));
    this.#index();
  }

  /** Ids are below this. */
  get idCount(): number {
    return this.#idCount;
  }

  /** rename-command: a new name, or '' to remove. False if there is no such command, or the new name is taken. */
  rename(from: string, to: string): boolean {
    const command = this.byName.get(from.toLowerCase());
    if (command === undefined || (to !== '' && this.byName.has(to.toLowerCase()))) return false;
    this.byName.delete(from.toLowerCase());
    if (to !== '') this.byName.set(to.toLowerCase(), command);
    this.#index();
    return true;
  }

  /** All commands, subcommands after their containers. */
  *all(): Iterable<Command> {
    for (const command of this.byName.values()) {
      yield command;
      if (command.subcommands !== undefined) yield* command.subcommands.values();
    }
  }

  /** The command named by argument 0 (not yet a subcommand), or undefined. */
  find(args: Args): Command | undefined {
    const length = args.length[0]!;
    if (length === 0 || length > NAME_MAX) return undefined;
    const bytes = args.bytes;
    const at = args.at[0]!;
    let slot = slotOf(length, bytes[at]! | 32, bytes[at + (length >> 1)]! | 32, bytes[at + length - 1]! | 32);
    for (;;) {
      const name = this.#names[slot];
      if (name === undefined) return undefined;
      if (name.length === length && matches(name, bytes, at)) return this.#slots[slot];
      slot = (slot + 1) & ((1 << TABLE_BITS) - 1);
    }
  }

  #names: (string | undefined)[] = [];

  #index(): void {
    this.#slots = new Array<Command | undefined>(1 << TABLE_BITS).fill(undefined);
    this.#names = new Array<string | undefined>(1 << TABLE_BITS).fill(undefined);
    for (const [name, command] of this.byName) {
      if (name.length === 0 || name.length > NAME_MAX) continue;
      const code = (i: number): number => name.charCodeAt(i) | 32;
      let slot = slotOf(name.length, code(0), code(name.length >> 1), code(name.length - 1));
      while (this.#names[slot] !== undefined) slot = (slot + 1) & ((1 << TABLE_BITS) - 1);
      this.#names[slot] = name;
      this.#slots[slot] = command;
    }
  }
}

function slotOf(length: number, first: number, middle: number, last: number): number {
  return (length * 31 + first * 131 + middle * 1031 + last * 8209) & ((1 << TABLE_BITS) - 1);
}

function matches(name: string, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < name.length; i++) {
    const c = bytes[at + i]!;
    if ((c >= 65 && c <= 90 ? c + 32 : c) !== name.charCodeAt(i)) return false;
  }
  return true;
}
