/** Arguments and history of the generic commands, as COMMAND DOCS shows them. */
import {
  after,
  block,
  integer,
  key,
  keyAs,
  keys,
  multiple,
  multipleTokens,
  oneOf,
  optional,
  pattern,
  since,
  string,
  unixTime,
  word,
} from './arguments.ts';
import type { Argument, CommandDocs, DocsTable, History } from './docs.ts';

/** On the expiry that is there. */
const condition: Argument = optional(
  since('7.0.0', oneOf('condition', word('NX'), word('XX'), word('GT'), word('LT'))),
);

const conditionHistory: History = [['7.0.0', 'Takes the conditions `NX`, `XX`, `GT` and `LT`.']];

const ttlHistory: History = [['2.8.0', 'Returns -2 for a key that is missing.']];

/** How to sort what, and what to return of it. */
const sorting: readonly Argument[] = [
  key,
  optional({ ...pattern('pattern', 'BY'), keySpec: 1 }),
  optional(after('LIMIT', block('offset_count', integer('offset'), integer('count')))),
  optional(multipleTokens({ ...pattern('pattern', 'GET'), keySpec: 1 })),
  optional(oneOf('order', word('ASC'), word('DESC'))),
  optional(word('ALPHA', 'sorting')),
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
    integer('ttl'),
    string('serialized-value'),
    optional(since('3.0.0', word('REPLACE'))),
    optional(since('5.0.0', word('ABSTTL'))),
    optional(since('5.0.0', integer('seconds', 'IDLETIME'))),
    optional(since('5.0.0', integer('frequency', 'FREQ'))),
  ],
};

export const genericDocs: DocsTable = {
  copy: {
    arguments: [
      keyAs('source', 0),
      keyAs('destination', 1),
      optional(integer('destination-db', 'DB')),
      optional(word('REPLACE')),
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
    arguments: [key, integer('seconds'), condition],
  },
  expireat: {
    history: conditionHistory,
    arguments: [key, unixTime('unix-time-seconds'), condition],
  },
  expiretime: { arguments: [key] },
  keys: { arguments: [pattern('pattern')] },
  migrate: {
    history: [
      ['3.0.0', 'Takes `COPY` and `REPLACE`.'],
      ['3.0.6', 'Takes `KEYS`.'],
      ['4.0.7', 'Takes `AUTH`.'],
      ['6.0.0', 'Takes `AUTH2`.'],
    ],
    arguments: [
      string('host'),
      integer('port'),
      oneOf('key_or_empty_string', key, word('', 'empty_string')),
      integer('destination-db'),
      integer('timeout'),
      optional(since('3.0.0', word('COPY'))),
      optional(since('3.0.0', word('REPLACE'))),
      optional(
        oneOf(
          'authentication',
          optional(since('4.0.7', string('password', 'AUTH'))),
          optional(since('6.0.0', after('AUTH2', block('username_password', string('username'), string('password'))))),
        ),
      ),
      optional(multiple(since('3.0.6', keyAs('key', 1, 'KEYS')))),
    ],
  },
  move: {
    arguments: [key, integer('db')],
  },
  'object|encoding': { arguments: [key] },
  'object|freq': { arguments: [key] },
  'object|idletime': { arguments: [key] },
  'object|refcount': { arguments: [key] },
  persist: { arguments: [key] },
  pexpire: {
    history: conditionHistory,
    arguments: [key, integer('milliseconds'), condition],
  },
  pexpireat: {
    history: conditionHistory,
    arguments: [key, unixTime('unix-time-milliseconds'), condition],
  },
  pexpiretime: { arguments: [key] },
  pttl: {
    history: ttlHistory,
    arguments: [key],
  },
  rename: {
    arguments: [key, keyAs('newkey', 1)],
  },
  renamenx: {
    history: [['3.2.0', 'The same name twice is no error any more.']],
    arguments: [key, keyAs('newkey', 1)],
  },
  restore: restoreDocs,
  scan: {
    history: [['6.0.0', 'Takes `TYPE`.']],
    arguments: [
      integer('cursor'),
      optional(pattern('pattern', 'MATCH')),
      optional(integer('count', 'COUNT')),
      optional(since('6.0.0', string('type', 'TYPE'))),
    ],
  },
  sort: {
    arguments: [...sorting, optional(keyAs('destination', 2, 'STORE'))],
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
    arguments: [integer('numreplicas'), integer('timeout')],
  },
};
