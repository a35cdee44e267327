/**
 * Configuration values with a grammar of their own: `save`, `client-output-buffer-limit`, `bind`, `replicaof`,
 * `notify-keyspace-events`, `oom-score-adj-values`, `latency-tracking-info-percentiles` and `dir`.
 */
import { posix } from 'node:path';
import {
  keyspaceEvents,
  type MasterAddress,
  type OutputBufferLimit,
  type OutputBufferLimits,
  type SavePoint,
} from '../../base/settings.ts';
import { ConfigError } from './error.ts';
import { parseMemory, printMemory, type ValueKind } from './kinds.ts';
import { systemReason } from './system-reason.ts';
import { fromByteString, quoteWord } from '../../base/words.ts';

export const savePoints: ValueKind<readonly SavePoint[], readonly SavePoint[]> = {
  several: true,
  parse(words, { current, phase }) {
    if (words.length === 1 && words[0] === '') return [];
    const numbers = words.map((word, index) => parseLong(word, index % 2 === 0 ? 1 : 0));
    if (numbers.length % 2 !== 0 || numbers.includes(undefined)) throw new ConfigError('Invalid save parameters');
    const points = phase === 'further line' ? [...current] : [];
    for (let i = 0; i < numbers.length; i += 2) points.push({ seconds: numbers[i]!, changes: numbers[i + 1]! });
    return points;
  },
  print: (value) => value.map((point) => `${point.seconds} ${point.changes}`).join(' '),
  setting: (value) => value,
  rewrite(name, value) {
    if (value.length === 0) return [{ text: `${name} ""`, force: true }];
    return value.map((point) => ({ text: `${name} ${point.seconds} ${point.changes}`, force: true }));
  },
};

const classes = ['normal', 'replica', 'pubsub'] as const;

export const outputBufferLimits: ValueKind<OutputBufferLimits, OutputBufferLimits> = {
  several: true,
  parse(words, { current }) {
    const refuse = (what: string): ConfigError => new ConfigError(`${what} buffer limit configuration.`);
    if (words.length % 4 !== 0) throw refuse('Wrong number of arguments in');
    const limits: { [name: string]: OutputBufferLimit } = { ...current };
    for (let i = 0; i < words.length; i += 4) {
      const given = words[i]!.toLowerCase();
      const name = classes.find((candidate) => candidate === (given === 'slave' ? 'replica' : given));
      if (name === undefined) throw refuse('Invalid client class specified in');
      const hard = parseMemory(words[i + 1]!);
      const soft = parseMemory(words[i + 2]!);
      const softSeconds = parseLong(words[i + 3]!, 0);
      if (hard === undefined || soft === undefined || softSeconds === undefined) {
        throw refuse('Error in hard, soft or soft_seconds setting in');
      }
      limits[name] = { hardBytes: Number(hard), softBytes: Number(soft), softSeconds };
    }
    return { normal: limits['normal']!, replica: limits['replica']!, pubsub: limits['pubsub']! };
  },
  print(value) {
    return classes
      .map((name) => {
        const { hardBytes, softBytes, softSeconds } = value[name];
        return `${name === 'replica' ? 'slave' : name} ${hardBytes} ${softBytes} ${softSeconds}`;
      })
      .join(' ');
  },
  setting: (value) => value,
  rewrite(name, value, standard) {
    return classes.map((which) => {
      const limit = value[which];
      const usual = standard[which];
      const sizes = `${printMemory(BigInt(limit.hardBytes))} ${printMemory(BigInt(limit.softBytes))}`;
      return {
        text: `${name} ${which} ${sizes} ${limit.softSeconds}`,
        force:
          limit.hardBytes !== usual.hardBytes ||
          limit.softBytes !== usual.softBytes ||
          limit.softSeconds !== usual.softSeconds,
      };
    });
  },
};

/** Redis's own bound on the addresses of one `bind`. */
const maxBindAddresses = 16;

/** Addresses to listen on; a leading '-' means that the address may be missing on this machine. */
export const bindAddresses: ValueKind<readonly string[], readonly string[]> = {
  several: true,
  parse(words) {
    if (words.length > maxBindAddresses) throw new ConfigError('Too many bind addresses specified.');
    return words.length === 1 && words[0] === '' ? [] : words;
  },
  print: (value) => value.join(' '),
  setting: (value) => value,
  rewrite(name, value, standard) {
    if (value.join(' ') === standard.join(' ')) return [];
    return [{ text: `${name} ${value.length === 0 ? '""' : value.join(' ')}`, force: true }];
  },
};

export const masterAddress: ValueKind<MasterAddress | undefined, MasterAddress | undefined> = {
  several: true,
  parse(words) {
    if (words.length !== 2) throw new ConfigError('wrong number of arguments');
    const [host, portText] = words as [string, string];
    if (host.toLowerCase() === 'no' && portText.toLowerCase() === 'one') return undefined;
    const port = parseLong(portText, 0);
    if (port === undefined || port > 65535) throw new ConfigError('Invalid master port');
    return { host, port };
  },
  print: (value) => (value === undefined ? '' : `${value.host} ${value.port}`),
  setting: (value) => value,
  rewrite: (name, value) => (value === undefined ? [] : [{ text: `${name} ${value.host} ${value.port}`, force: true }]),
};

/** The classes and their letters, in the order in which Redis prints them. */
const eventLetters: readonly (readonly [string, number])[] = [
  ['g', keyspaceEvents.generic],
  ['$', keyspaceEvents.string],
  ['l', keyspaceEvents.list],
  ['s', keyspaceEvents.set],
  ['h', keyspaceEvents.hash],
  ['z', keyspaceEvents.zset],
  ['x', keyspaceEvents.expired],
  ['e', keyspaceEvents.evicted],
  ['t', keyspaceEvents.stream],
  ['d', keyspaceEvents.module],
  ['n', keyspaceEvents.newKey],
  ['K', keyspaceEvents.keyspace],
  ['E', keyspaceEvents.keyevent],
  ['m', keyspaceEvents.keyMiss],
];

/** What the letter A stands for: all classes but key misses and new keys. */
const allEvents: number = eventLetters.slice(0, 10).reduce((bits, [, bit]) => bits | bit, 0);

export const eventClasses: ValueKind<number, number> = {
  several: false,
  parse([word]) {
    let bits = 0;
    for (const char of word!) {
      const bit = char === 'A' ? allEvents : eventLetters.find(([letter]) => letter === char)?.[1];
      if (bit === undefined) throw new ConfigError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
      bits |= bit;
    }
    return bits;
  },
  print(bits) {
    const all = (bits & allEvents) === allEvents;
    const rest = all ? bits & ~(allEvents | keyspaceEvents.newKey) : bits;
    const letters = eventLetters.filter(([, bit]) => (rest & bit) !== 0).map(([letter]) => letter);
    return (all ? 'A' : '') + letters.join('');
  },
  setting: (value) => value,
  rewrite: (name, value) => [{ text: `${name} ${quoteWord(eventClasses.print(value))}`, force: value !== 0 }],
};

export const oomScores: ValueKind<readonly number[], readonly number[]> = {
  several: true,
  parse(words) {
    if (words.length !== 3) throw new ConfigError('wrong number of arguments');
    return words.map((word) => {
      const value = parseLong(word, -2000);
      if (value === undefined || value > 2000) {
        throw new ConfigError('Invalid oom-score-adj-values, elements must be between -2000 and 2000.');
      }
      return value;
    });
  },
  print: (value) => value.join(' '),
  setting: (value) => value,
  rewrite: (name, value, standard) => [
    { text: `${name} ${value.join(' ')}`, force: value.join(' ') !== standard.join(' ') },
  ],
};

export const percentiles: ValueKind<readonly number[], readonly number[]> = {
  several: true,
  parse(words) {
    if (words.length === 1 && words[0] === '') return [];
    const name = 'latency-tracking-info-percentiles parameters';
    return words.map((word) => {
      const value = Number(word);
      if (!/^[+-]?[0-9.]+(e[+-]?[0-9]+)?$/i.test(word) || Number.isNaN(value)) throw new ConfigError(`Invalid ${name}`);
      if (value < 0 || value > 100) throw new ConfigError(`${name} should sit between [0.0,100.0]`);
      return value;
    });
  },
  print: (value) => value.map(printPercentile).join(' '),
  setting: (value) => value,
  rewrite: (name, value) => [
    { text: `${name} ${value.length === 0 ? '""' : value.map(printPercentile).join(' ')}`, force: true },
  ],
};

function printPercentile(value: number): string {
  return (Object.is(value, -0) ? '-' : '') + value.toFixed(6).replace(/\.?0+$/, '');
}

/** The working directory, always absolute. Relative ones are taken from the current one, as after a chdir. */
export const directory: ValueKind<string, string> = {
  several: false,
  parse([given], { current, checkDirectory }) {
    const path = posix.resolve(current, given!);
    if (given === '') throw new ConfigError('No such file or directory');
    try {
      checkDirectory(fromByteString(path));
    } catch (error) {
      throw new ConfigError(systemReason(error));
    }
    return path;
  },
  print: (value) => value,
  setting: fromByteString,
  rewrite: (name, value) => [{ text: `${name} ${quoteWord(value)}`, force: true }],
};

/** A whole decimal number at least `low`, or undefined. As in Redis, a sign and leading zeros are fine, and nothing is 0. */
function parseLong(word: string, low: number): number | undefined {
  if (!/^(\s*[+-]?[0-9]+)?$/.test(word)) return undefined;
  const value = Number(word);
  return value < low || !Number.isSafeInteger(value) ? undefined : value;
}
