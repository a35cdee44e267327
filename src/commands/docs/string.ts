/** Arguments and history of the string commands, as COMMAND DOCS shows them. */
import { type CommandDocs, type DocsTable, key, keys } from './docs.ts';

const pairs: CommandDocs = {
  arguments: [
    {
      name: 'key_value',
      type: 'block',
      flags: ['multiple'],
      arguments: [key, { name: 'value', type: 'string' }],
    },
  ],
};

const keyAndValue: CommandDocs = {
  arguments: [key, { name: 'value', type: 'string' }],
};

const range: CommandDocs = {
  arguments: [key, { name: 'start', type: 'integer' }, { name: 'end', type: 'integer' }],
};

export const stringDocs: DocsTable = {
  append: keyAndValue,
  decr: { arguments: [key] },
  decrby: {
    arguments: [key, { name: 'decrement', type: 'integer' }],
  },
  get: { arguments: [key] },
  getdel: { arguments: [key] },
  getex: {
    arguments: [
      key,
      {
        name: 'expiration',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'seconds', type: 'integer', token: 'EX' },
          { name: 'milliseconds', type: 'integer', token: 'PX' },
          { name: 'unix-time-seconds', type: 'unix-time', token: 'EXAT' },
          { name: 'unix-time-milliseconds', type: 'unix-time', token: 'PXAT' },
          { name: 'persist', type: 'pure-token', token: 'PERSIST' },
        ],
      },
    ],
  },
  getrange: range,
  getset: keyAndValue,
  incr: { arguments: [key] },
  incrby: {
    arguments: [key, { name: 'increment', type: 'integer' }],
  },
  incrbyfloat: {
    arguments: [key, { name: 'increment', type: 'double' }],
  },
  lcs: {
    arguments: [
      { name: 'key1', type: 'key', keySpec: 0 },
      { name: 'key2', type: 'key', keySpec: 0 },
      { name: 'len', type: 'pure-token', token: 'LEN', flags: ['optional'] },
      { name: 'idx', type: 'pure-token', token: 'IDX', flags: ['optional'] },
      { name: 'len', type: 'integer', token: 'MINMATCHLEN', flags: ['optional'] },
      { name: 'withmatchlen', type: 'pure-token', token: 'WITHMATCHLEN', flags: ['optional'] },
    ],
  },
  mget: { arguments: [keys] },
  mset: pairs,
  msetnx: pairs,
  psetex: {
    arguments: [key, { name: 'milliseconds', type: 'integer' }, { name: 'value', type: 'string' }],
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
      { name: 'value', type: 'string' },
      {
        name: 'condition',
        type: 'oneof',
        since: '2.6.12',
        flags: ['optional'],
        arguments: [
          { name: 'nx', type: 'pure-token', token: 'NX' },
          { name: 'xx', type: 'pure-token', token: 'XX' },
        ],
      },
      { name: 'get', type: 'pure-token', token: 'GET', since: '6.2.0', flags: ['optional'] },
      {
        name: 'expiration',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'seconds', type: 'integer', token: 'EX', since: '2.6.12' },
          { name: 'milliseconds', type: 'integer', token: 'PX', since: '2.6.12' },
          { name: 'unix-time-seconds', type: 'unix-time', token: 'EXAT', since: '6.2.0' },
          { name: 'unix-time-milliseconds', type: 'unix-time', token: 'PXAT', since: '6.2.0' },
          { name: 'keepttl', type: 'pure-token', token: 'KEEPTTL', since: '6.0.0' },
        ],
      },
    ],
  },
  setex: {
    arguments: [key, { name: 'seconds', type: 'integer' }, { name: 'value', type: 'string' }],
  },
  setnx: keyAndValue,
  setrange: {
    arguments: [key, { name: 'offset', type: 'integer' }, { name: 'value', type: 'string' }],
  },
  strlen: { arguments: [key] },
  substr: range,
};
