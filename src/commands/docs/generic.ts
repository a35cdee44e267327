/** Arguments and history of the generic commands, as COMMAND DOCS shows them. */
import { type Argument, type CommandDocs, type DocsTable, type History, key, keys } from './docs.ts';

/** On the expiry that is there. */
const condition: Argument = {
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
};

const conditionHistory: History = [['7.0.0', 'Takes the conditions `NX`, `XX`, `GT` and `LT`.']];

const ttlHistory: History = [['2.8.0', 'Returns -2 for a key that is missing.']];

/** How to sort what, and what to return of it. */
const sorting: readonly Argument[] = [
  key,
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
];

/** RESTORE-ASKING takes the same. */
export const restoreDocs: CommandDocs = {
  history: [
    ['3.0.0', 'Takes `REPLACE`.'],
    ['5.0.0', 'Takes `ABSTTL`.'],
    ['5.0.0', 'Takes `IDLETIME` and `FREQ`.'],
  ],
  arguments: [
    key,
    { name: 'ttl', type: 'integer' },
    { name: 'serialized-value', type: 'string' },
    { name: 'replace', type: 'pure-token', token: 'REPLACE', since: '3.0.0', flags: ['optional'] },
    { name: 'absttl', type: 'pure-token', token: 'ABSTTL', since: '5.0.0', flags: ['optional'] },
    { name: 'seconds', type: 'integer', token: 'IDLETIME', since: '5.0.0', flags: ['optional'] },
    { name: 'frequency', type: 'integer', token: 'FREQ', since: '5.0.0', flags: ['optional'] },
  ],
};

export const genericDocs: DocsTable = {
  copy: {
    arguments: [
      { name: 'source', type: 'key', keySpec: 0 },
      { name: 'destination', type: 'key', keySpec: 1 },
      { name: 'destination-db', type: 'integer', token: 'DB', flags: ['optional'] },
      { name: 'replace', type: 'pure-token', token: 'REPLACE', flags: ['optional'] },
    ],
  },
  del: { arguments: [keys] },
  dump: { arguments: [key] },
  exists: {
    history: [['3.0.3', 'Takes several keys.']],
    arguments: [keys],
  },
  expire: {
    history: conditionHistory,
    arguments: [key, { name: 'seconds', type: 'integer' }, condition],
  },
  expireat: {
    history: conditionHistory,
    arguments: [key, { name: 'unix-time-seconds', type: 'unix-time' }, condition],
  },
  expiretime: { arguments: [key] },
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
        arguments: [key, { name: 'empty_string', type: 'pure-token', token: '' }],
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
    arguments: [key, { name: 'db', type: 'integer' }],
  },
  'object|encoding': { arguments: [key] },
  'object|freq': { arguments: [key] },
  'object|idletime': { arguments: [key] },
  'object|refcount': { arguments: [key] },
  persist: { arguments: [key] },
  pexpire: {
    history: conditionHistory,
    arguments: [key, { name: 'milliseconds', type: 'integer' }, condition],
  },
  pexpireat: {
    history: conditionHistory,
    arguments: [key, { name: 'unix-time-milliseconds', type: 'unix-time' }, condition],
  },
  pexpiretime: { arguments: [key] },
  pttl: {
    history: ttlHistory,
    arguments: [key],
  },
  rename: {
    arguments: [key, { name: 'newkey', type: 'key', keySpec: 1 }],
  },
  renamenx: {
    history: [['3.2.0', 'The same name twice is no error any more.']],
    arguments: [key, { name: 'newkey', type: 'key', keySpec: 1 }],
  },
  restore: restoreDocs,
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
    arguments: [...sorting, { name: 'destination', type: 'key', keySpec: 2, token: 'STORE', flags: ['optional'] }],
  },
  sort_ro: { arguments: sorting },
  touch: { arguments: [keys] },
  ttl: {
    history: ttlHistory,
    arguments: [key],
  },
  type: { arguments: [key] },
  unlink: { arguments: [keys] },
  wait: {
    arguments: [
      { name: 'numreplicas', type: 'integer' },
      { name: 'timeout', type: 'integer' },
    ],
  },
};
