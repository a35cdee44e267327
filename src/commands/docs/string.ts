/** Arguments and history of the string commands, as COMMAND DOCS shows them. */
import {
  block,
  double,
  expiration,
  integer,
  key,
  keyAs,
  keys,
  multiple,
  oneOf,
  optional,
  since,
  string,
  unixTime,
  word,
} from './arguments.ts';
import type { CommandDocs, DocsTable } from './docs.ts';

const pairs: CommandDocs = {
  arguments: [multiple(block('key_value', key, string('value')))],
};

const keyAndValue: CommandDocs = {
  arguments: [key, string('value')],
};

const range: CommandDocs = {
  arguments: [key, integer('start'), integer('end')],
};

export const stringDocs: DocsTable = {
  append: keyAndValue,
  decr: { arguments: [key] },
  decrby: {
    arguments: [key, integer('decrement')],
  },
  get: { arguments: [key] },
  getdel: { arguments: [key] },
  getex: {
    arguments: [key, optional(expiration(word('PERSIST')))],
  },
  getrange: range,
  getset: keyAndValue,
  incr: { arguments: [key] },
  incrby: {
    arguments: [key, integer('increment')],
  },
  incrbyfloat: {
    arguments: [key, double('increment')],
  },
  lcs: {
    arguments: [
      keyAs('key1', 0),
      keyAs('key2', 0),
      optional(word('LEN')),
      optional(word('IDX')),
      optional(integer('len', 'MINMATCHLEN')),
      optional(word('WITHMATCHLEN')),
    ],
  },
  mget: { arguments: [keys] },
  mset: pairs,
  msetnx: pairs,
  psetex: {
    arguments: [key, integer('milliseconds'), string('value')],
  },
  set: {
    history: [
      ['2.6.12', 'Takes `EX`, `PX`, `NX` and `XX`.'],
      ['6.0.0', 'Takes `KEEPTTL`.'],
      ['6.2.0', 'Takes `GET`, `EXAT` and `PXAT`.'],
      ['7.0.0', '`NX` and `GET` may be combined.'],
    ],
    arguments: [
      key,
      string('value'),
      optional(since('2.6.12', oneOf('condition', word('NX'), word('XX')))),
      optional(since('6.2.0', word('GET'))),
      optional(
        oneOf(
          'expiration',
          since('2.6.12', integer('seconds', 'EX')),
          since('2.6.12', integer('milliseconds', 'PX')),
          since('6.2.0', unixTime('unix-time-seconds', 'EXAT')),
          since('6.2.0', unixTime('unix-time-milliseconds', 'PXAT')),
          since('6.0.0', word('KEEPTTL')),
        ),
      ),
    ],
  },
  setex: {
    arguments: [key, integer('seconds'), string('value')],
  },
  setnx: keyAndValue,
  setrange: {
    arguments: [key, integer('offset'), string('value')],
  },
  strlen: { arguments: [key] },
  substr: range,
};
