/**
 * The kinds of configuration values: how each is parsed from words, printed for CONFIG GET, and written by CONFIG
 * REWRITE. Error texts are Redis's. Numbers are bigints in here because Redis's limits go up to 2^64 - 1; the typed
 * settings have plain numbers.
 *
 * V is the value as the table keeps it, S what `Settings` shows.
 */
import { ConfigError } from './error.ts';
import { fromByteString, quoteWord } from '../../base/words.ts';

/** What CONFIG REWRITE does with a directive: write these lines; `force` adds them also where the file has no such line. */
export interface RewriteLine {
  readonly text: string;
  readonly force: boolean;
}

/** When a value is set: by the first line of its directive at start, by a further one, or while the server runs. */
export type Phase = 'first line' | 'further line' | 'running';

/** What a value may need to know besides its words. */
export interface ParseContext<V> {
  readonly current: V;
  readonly phase: Phase;
  /** Throws the system's error for a directory that one cannot work in. */
  checkDirectory(path: string): void;
}

export interface ValueKind<V, S> {
  /** Takes several words; others take exactly one. */
  readonly several: boolean;
  /** Throws ConfigError. */
  parse(words: readonly string[], context: ParseContext<V>): V;
  print(value: V): string;
  setting(value: V): S;
  rewrite(name: string, value: V, standard: V): readonly RewriteLine[];
}

export const intMax = 2_147_483_647n;
export const uintMax = 4_294_967_295n;
export const longMax = 9_223_372_036_854_775_807n;
export const ulongMax = 18_446_744_073_709_551_615n;

export const yesNo: ValueKind<boolean, boolean> = {
  several: false,
  parse(words) {
    const word = words[0]!.toLowerCase();
    if (word !== 'yes' && word !== 'no') throw new ConfigError("argument must be 'yes' or 'no'");
    return word === 'yes';
  },
  print: (value) => (value ? 'yes' : 'no'),
  setting: (value) => value,
  rewrite: (name, value, standard) => [{ text: `${name} ${value ? 'yes' : 'no'}`, force: value !== standard }],
};

type NumberKind = ValueKind<bigint, number>;

/** A decimal integer in [low, high]; with `clamp` then moved into a narrower range without a word (hz). */
export function integer(low: bigint, high: bigint, clamp?: readonly [bigint, bigint]): NumberKind {
  return numeric(low, high, String, (word) => {
    if (!/^(0|-?[1-9][0-9]*)$/.test(word)) throw notAnInteger();
    const value = BigInt(word);
    if (value > longMax || value < -longMax - 1n) throw notAnInteger();
    if (clamp === undefined || value < low || value > high) return value;
    return value < clamp[0] ? clamp[0] : value > clamp[1] ? clamp[1] : value;
  });
}

function notAnInteger(): ConfigError {
  return new ConfigError("argument couldn't be parsed into an integer");
}

/** A number in base 8: file modes. */
export function octal(low: bigint, high: bigint): NumberKind {
  const print = (value: bigint): string => value.toString(8);
  return numeric(low, high, print, (word) => {
    if (!/^\s*[+-]?[0-7]*$/.test(word) || word.length > 20) {
      throw new ConfigError("argument couldn't be parsed as an octal number");
    }
    const digits = word.replace(/[^0-7]/g, '');
    const value = BigInt(digits === '' ? 0 : `0o${digits}`);
    return word.includes('-') ? BigInt.asUintN(64, -value) : value;
  });
}

/** Bytes with an optional unit; a running server raises values below `floor` to it. Signed C types wrap around at 2^63, as they do in Redis. */
export function memory(low: bigint, high: bigint, signed: boolean, floor: bigint = 0n): NumberKind {
  const kind = numeric(low, high, String, (word) => {
    const bytes = parseMemory(word);
    if (bytes === undefined) throw new ConfigError('argument must be a memory value');
    return signed ? BigInt.asIntN(64, bytes) : bytes;
  });
  return {
    ...kind,
    parse(words, context) {
      const value = kind.parse(words, context);
      return context.phase === 'running' && value < floor ? floor : value;
    },
    rewrite: rewriteNumber(printMemory),
  };
}

/** As `memory`, or the word `auto`, which the setting holds as 0. */
export function memoryOrAuto(low: bigint, high: bigint, signed: boolean, floor: bigint = 0n): NumberKind {
  const kind = memory(low, high, signed, floor);
  return {
    ...kind,
    parse: (words, context) => (words[0]!.toLowerCase() === 'auto' ? 0n : kind.parse(words, context)),
    print: (value) => (value === 0n ? 'auto' : kind.print(value)),
    rewrite: rewriteNumber((value) => (value === 0n ? 'auto' : printMemory(value))),
  };
}

/** Bytes, or a percentage, which is kept as a negative number. */
export function memoryOrPercent(): NumberKind {
  const print = (value: bigint): string => (value < 0n ? `${-value}%` : value.toString());
  return {
    several: false,
    parse(words) {
      const word = words[0]!;
      const bytes = parseMemory(word);
      if (bytes !== undefined) return BigInt.asIntN(64, bytes);
      const percent = /^(0|[1-9][0-9]{0,17})%$/.exec(word);
      if (percent === null) throw new ConfigError('argument must be a memory or percent value');
      if (BigInt(percent[1]!) > 100n) throw new ConfigError('percentage argument must be less or equal to 100');
      return -BigInt(percent[1]!);
    },
    print,
    setting: Number,
    rewrite: rewriteNumber((value) => (value < 0n ? print(value) : printMemory(value))),
  };
}

function numeric(
  low: bigint,
  high: bigint,
  print: (value: bigint) => string,
  parse: (word: string) => bigint,
): NumberKind {
  return {
    several: false,
    parse(words) {
      const value = parse(words[0]!);
      if (value < low || value > high) {
        throw new ConfigError(`argument must be between ${print(low)} and ${print(high)} inclusive`);
      }
      return value;
    },
    print,
    setting: Number,
    rewrite: rewriteNumber(print),
  };
}

function rewriteNumber(print: (value: bigint) => string): NumberKind['rewrite'] {
  return (name, value, standard) => [{ text: `${name} ${print(value)}`, force: value !== standard }];
}

const units: { readonly [unit: string]: bigint | undefined } = {
  '': 1n,
  b: 1n,
  k: 1000n,
  kb: 1024n,
  m: 1000n ** 2n,
  mb: 1024n ** 2n,
  g: 1000n ** 3n,
  gb: 1024n ** 3n,
};

/** "100mb" as bytes; undefined when it is no memory value. No digits at all count as 0, and too many wrap: both as in Redis. */
export function parseMemory(word: string): bigint | undefined {
  const parts = /^([0-9]{0,127})([a-z]*)$/i.exec(word);
  const unit = parts === null ? undefined : units[parts[2]!.toLowerCase()];
  if (parts === null || unit === undefined) return undefined;
  const digits = BigInt(parts[1]!);
  return BigInt.asUintN(64, (digits > ulongMax ? ulongMax : digits) * unit);
}

/** Bytes in the largest unit that divides them. */
export function printMemory(bytes: bigint): string {
  for (const unit of ['gb', 'mb', 'kb']) {
    const size = units[unit]!;
    if (bytes !== 0n && bytes % size === 0n) return `${bytes / size}${unit}`;
  }
  return bytes.toString();
}

export interface TextRules {
  /** The setting is undefined when the text is empty, and CONFIG REWRITE leaves it out. */
  readonly emptyIsUnset?: boolean;
  /** Says what is wrong with a value. */
  readonly check?: (value: string) => string | undefined;
}

/** Any bytes. */
export function text(rules: TextRules = {}): ValueKind<string, string> {
  return {
    several: false,
    parse(words) {
      const problem = rules.check?.(words[0]!);
      if (problem !== undefined) throw new ConfigError(problem);
      return words[0]!;
    },
    print: (value) => value,
    setting: (value) => value,
    rewrite(name, value, standard) {
      if (rules.emptyIsUnset === true && value === '') return [];
      return [{ text: `${name} ${quoteWord(value)}`, force: value !== standard }];
    },
  };
}

/** The name of a file: the same, but the setting is decoded as UTF-8, the form in which `io/` takes paths. */
export function fileName(rules: TextRules = {}): ValueKind<string, string> {
  return { ...text(rules), setting: fromByteString };
}

/** One of a few words. A word may stand for another one ("relative" for "yes"), which is then printed. */
export function oneOf<const W extends string>(
  words: readonly W[],
  aliases: { readonly [word: string]: W } = {},
): ValueKind<W, W> {
  return {
    several: false,
    parse([given]) {
      const word = given!.toLowerCase();
      const value = aliases[word] ?? words.find((candidate) => candidate === word);
      if (value === undefined) throw notOneOf(words);
      return value;
    },
    print: (value) => value,
    setting: (value) => value,
    rewrite: (name, value, standard) => [{ text: `${name} ${value}`, force: value !== standard }],
  };
}

/** Several of a few words; the first word of the list means none of them. */
export function anyOf<const W extends string>(
  words: readonly [W, ...W[]],
  check: (chosen: readonly W[]) => string | undefined,
): ValueKind<readonly W[], readonly W[]> {
  const print = (value: readonly W[]): string => (value.length === 0 ? words[0] : value.join(' '));
  return {
    several: true,
    parse(given) {
      const lower = given.map((word) => word.toLowerCase());
      if (lower.length === 0 || lower.some((word) => words.every((candidate) => candidate !== word)))
        throw notOneOf(words);
      const chosen = words.filter((word, index) => index > 0 && lower.includes(word));
      const problem = check(chosen);
      if (problem !== undefined) throw new ConfigError(problem);
      return chosen;
    },
    print,
    setting: (value) => value,
    rewrite: (name, value, standard) => [{ text: `${name} ${print(value)}`, force: print(value) !== print(standard) }],
  };
}

function notOneOf(words: readonly string[]): ConfigError {
  return new ConfigError(`argument(s) must be one of the following: ${words.join(', ')}`);
}
