/** Arguments and history of the generic commands, as COMMAND DOCS shows them. */
import type { DocsTable } from './docs.ts';

export const genericDocs: DocsTable = {
  copy: {
    arguments: [
      { name: 'source', type: 'key', keySpec: 0 },
      { name: 'destination', type: 'key', keySpec: 1 },
      { name: 'destination-db', type: 'integer', token: 'DB', flags: ['optional'] },
      { name: 'replace', type: 'pure-token', token: 'REPLACE', flags: ['optional'] },
    ],
  },
  del: { arguments: [{ name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] }] },
  dump: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  exists: {
    history: [['3.0.3', 'Takes several keys.']],
    arguments: [{ name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] }],
  },
  expire: {
    history: [['7.0.0', 'Takes the conditions `NX`, `XX`, `GT` and `LT`.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'seconds', type: 'integer' },
      {
        name: 'condition',
        type: 'oneof',
        since: '7.0.0',
        flags: ['optional'],
        arguments: [
          { name: 'nx', type: 'pure-token', token: 'NX' },
          { name: 'xx', type: 'pure-token', token: 'XX' },
          { name: 'gt', type: 'pure-token', token: 'GT' },
          { name: 'lt', type: 'pure-token', token: 'LT' },
        ],
      },
    ],
  },
  expireat: {
    history: [['7.0.0', 'Takes the conditions `NX`, `XX`, `GT` and `LT`.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'unix-time-seconds', type: 'unix-time' },
      {
        name: 'condition',
        type: 'oneof',
        since: '7.0.0',
        flags: ['optional'],
        arguments: [
          { name: 'nx', type: 'pure-token', token: 'NX' },
          { name: 'xx', type: 'pure-token', token: 'XX' },
          { name: 'gt', type: 'pure-token', token: 'GT' },
          { name: 'lt', type: 'pure-token', token: 'LT' },
        ],
      },
    ],
  },
  expiretime: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  keys: { arguments: [{ name: 'pattern', type: 'pattern' }] },
  migrate: {
    history: [
      ['3.0.0', 'Takes `COPY` and `REPLACE`.'],
      ['3.0.6', 'Takes `KEYS`.'],
      ['4.0.7', 'Takes `AUTH`.'],
      ['6.0.0', 'Takes `AUTH2`.'],
    ],
    arguments: [
      { name: 'host', type: 'string' },
      { name: 'port', type: 'integer' },
      {
        name: 'key_or_empty_string',
        type: 'oneof',
        arguments: [
          { name: 'key', type: 'key', keySpec: 0 },
          { name: 'empty_string', type: 'pure-token', token: '' },
        ],
      },
      { name: 'destination-db', type: 'integer' },
      { name: 'timeout', type: 'integer' },
      { name: 'copy', type: 'pure-token', token: 'COPY', since: '3.0.0', flags: ['optional'] },
      { name: 'replace', type: 'pure-token', token: 'REPLACE', since: '3.0.0', flags: ['optional'] },
      {
        name: 'authentication',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'password', type: 'string', token: 'AUTH', since: '4.0.7', flags: ['optional'] },
          {
            name: 'username_password',
            type: 'block',
            token: 'AUTH2',
            since: '6.0.0',
            flags: ['optional'],
            arguments: [
              { name: 'username', type: 'string' },
              { name: 'password', type: 'string' },
            ],
          },
        ],
      },
      { name: 'key', type: 'key', keySpec: 1, token: 'KEYS', since: '3.0.6', flags: ['optional', 'multiple'] },
    ],
  },
  move: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'db', type: 'integer' },
    ],
  },
  'object|encoding': { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  'object|freq': { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  'object|idletime': { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  'object|refcount': { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  persist: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  pexpire: {
    history: [['7.0.0', 'Takes the conditions `NX`, `XX`, `GT` and `LT`.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'milliseconds', type: 'integer' },
      {
        name: 'condition',
        type: 'oneof',
        since: '7.0.0',
        flags: ['optional'],
        arguments: [
          { name: 'nx', type: 'pure-token', token: 'NX' },
          { name: 'xx', type: 'pure-token', token: 'XX' },
          { name: 'gt', type: 'pure-token', token: 'GT' },
          { name: 'lt', type: 'pure-token', token: 'LT' },
        ],
      },
    ],
  },
  pexpireat: {
    history: [['7.0.0', 'Takes the conditions `NX`, `XX`, `GT` and `LT`.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'unix-time-milliseconds', type: 'unix-time' },
      {
        name: 'condition',
        type: 'oneof',
        since: '7.0.0',
        flags: ['optional'],
        arguments: [
          { name: 'nx', type: 'pure-token', token: 'NX' },
          { name: 'xx', type: 'pure-token', token: 'XX' },
          { name: 'gt', type: 'pure-token', token: 'GT' },
          { name: 'lt', type: 'pure-token', token: 'LT' },
        ],
      },
    ],
  },
  pexpiretime: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  pttl: {
    history: [['2.8.0', 'Returns -2 for a key that is missing.']],
    arguments: [{ name: 'key', type: 'key', keySpec: 0 }],
  },
  rename: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'newkey', type: 'key', keySpec: 1 },
    ],
  },
  renamenx: {
    history: [['3.2.0', 'The same name twice is no error any more.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'newkey', type: 'key', keySpec: 1 },
    ],
  },
  restore: {
    history: [
      ['3.0.0', 'Takes `REPLACE`.'],
      ['5.0.0', 'Takes `ABSTTL`.'],
      ['5.0.0', 'Takes `IDLETIME` and `FREQ`.'],
    ],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'ttl', type: 'integer' },
      { name: 'serialized-value', type: 'string' },
      { name: 'replace', type: 'pure-token', token: 'REPLACE', since: '3.0.0', flags: ['optional'] },
      { name: 'absttl', type: 'pure-token', token: 'ABSTTL', since: '5.0.0', flags: ['optional'] },
      { name: 'seconds', type: 'integer', token: 'IDLETIME', since: '5.0.0', flags: ['optional'] },
      { name: 'frequency', type: 'integer', token: 'FREQ', since: '5.0.0', flags: ['optional'] },
    ],
  },
  scan: {
    history: [['6.0.0', 'Takes `TYPE`.']],
    arguments: [
      { name: 'cursor', type: 'integer' },
      { name: 'pattern', type: 'pattern', token: 'MATCH', flags: ['optional'] },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
      { name: 'type', type: 'string', token: 'TYPE', since: '6.0.0', flags: ['optional'] },
    ],
  },
  sort: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'pattern', type: 'pattern', keySpec: 1, token: 'BY', flags: ['optional'] },
      {
        name: 'offset_count',
        type: 'block',
        token: 'LIMIT',
        flags: ['optional'],
        arguments: [
          { name: 'offset', type: 'integer' },
          { name: 'count', type: 'integer' },
        ],
      },
      { name: 'pattern', type: 'pattern', keySpec: 1, token: 'GET', flags: ['optional', 'multiple', 'multiple_token'] },
      {
        name: 'order',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'asc', type: 'pure-token', token: 'ASC' },
          { name: 'desc', type: 'pure-token', token: 'DESC' },
        ],
      },
      { name: 'sorting', type: 'pure-token', token: 'ALPHA', flags: ['optional'] },
      { name: 'destination', type: 'key', keySpec: 2, token: 'STORE', flags: ['optional'] },
    ],
  },
  sort_ro: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'pattern', type: 'pattern', keySpec: 1, token: 'BY', flags: ['optional'] },
      {
        name: 'offset_count',
        type: 'block',
        token: 'LIMIT',
        flags: ['optional'],
        arguments: [
          { name: 'offset', type: 'integer' },
          { name: 'count', type: 'integer' },
        ],
      },
      { name: 'pattern', type: 'pattern', keySpec: 1, token: 'GET', flags: ['optional', 'multiple', 'multiple_token'] },
      {
        name: 'order',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'asc', type: 'pure-token', token: 'ASC' },
          { name: 'desc', type: 'pure-token', token: 'DESC' },
        ],
      },
      { name: 'sorting', type: 'pure-token', token: 'ALPHA', flags: ['optional'] },
    ],
  },
  touch: { arguments: [{ name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] }] },
  ttl: {
    history: [['2.8.0', 'Returns -2 for a key that is missing.']],
    arguments: [{ name: 'key', type: 'key', keySpec: 0 }],
  },
  type: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  unlink: { arguments: [{ name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] }] },
  wait: {
    arguments: [
      { name: 'numreplicas', type: 'integer' },
      { name: 'timeout', type: 'integer' },
    ],
  },
};
