/** Arguments and history of the string commands, as COMMAND DOCS shows them. */
import type { DocsTable } from './docs.ts';

export const stringDocs: DocsTable = {
  append: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'value', type: 'string' },
    ],
  },
  decr: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  decrby: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'decrement', type: 'integer' },
    ],
  },
  get: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  getdel: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  getex: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
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
  getrange: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'start', type: 'integer' },
      { name: 'end', type: 'integer' },
    ],
  },
  getset: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'value', type: 'string' },
    ],
  },
  incr: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  incrby: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'increment', type: 'integer' },
    ],
  },
  incrbyfloat: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'increment', type: 'double' },
    ],
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
  mget: { arguments: [{ name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] }] },
  mset: {
    arguments: [
      {
        name: 'key_value',
        type: 'block',
        flags: ['multiple'],
        arguments: [
          { name: 'key', type: 'key', keySpec: 0 },
          { name: 'value', type: 'string' },
        ],
      },
    ],
  },
  msetnx: {
    arguments: [
      {
        name: 'key_value',
        type: 'block',
        flags: ['multiple'],
        arguments: [
          { name: 'key', type: 'key', keySpec: 0 },
          { name: 'value', type: 'string' },
        ],
      },
    ],
  },
  psetex: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'milliseconds', type: 'integer' },
      { name: 'value', type: 'string' },
    ],
  },
  set: {
    history: [
      ['2.6.12', 'Takes `EX`, `PX`, `NX` and `XX`.'],
      ['6.0.0', 'Takes `KEEPTTL`.'],
      ['6.2.0', 'Takes `GET`, `EXAT` and `PXAT`.'],
      ['7.0.0', '`NX` and `GET` may be combined.'],
    ],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
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
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'seconds', type: 'integer' },
      { name: 'value', type: 'string' },
    ],
  },
  setnx: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'value', type: 'string' },
    ],
  },
  setrange: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'offset', type: 'integer' },
      { name: 'value', type: 'string' },
    ],
  },
  strlen: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  substr: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'start', type: 'integer' },
      { name: 'end', type: 'integer' },
    ],
  },
};
