/** Arguments and history of the list commands, as COMMAND DOCS shows them. */
import { type Argument, type CommandDocs, type DocsTable, type History, key, keys } from './docs.ts';

/** The ends of a list. */
const ends: readonly Argument[] = [
  { name: 'left', type: 'pure-token', token: 'LEFT' },
  { name: 'right', type: 'pure-token', token: 'RIGHT' },
];

const where: Argument = { name: 'where', type: 'oneof', arguments: ends };
const wherefrom: Argument = { name: 'wherefrom', type: 'oneof', arguments: ends };
const whereto: Argument = { name: 'whereto', type: 'oneof', arguments: ends };

const timeoutHistory: History = [['6.0.0', 'The timeout may have a fraction.']];

const blockingPop: CommandDocs = {
  history: timeoutHistory,
  arguments: [keys, { name: 'timeout', type: 'double' }],
};

const pop: CommandDocs = {
  history: [['6.2.0', 'Takes a count.']],
  arguments: [key, { name: 'count', type: 'integer', since: '6.2.0', flags: ['optional'] }],
};

const push: CommandDocs = {
  history: [['2.4.0', 'Takes several elements.']],
  arguments: [key, { name: 'element', type: 'string', flags: ['multiple'] }],
};

const pushx: CommandDocs = {
  history: [['4.0.0', 'Takes several elements.']],
  arguments: [key, { name: 'element', type: 'string', flags: ['multiple'] }],
};

const range: CommandDocs = {
  arguments: [key, { name: 'start', type: 'integer' }, { name: 'stop', type: 'integer' }],
};

export const listDocs: DocsTable = {
  blmove: {
    arguments: [
      { name: 'source', type: 'key', keySpec: 0 },
      { name: 'destination', type: 'key', keySpec: 1 },
      wherefrom,
      whereto,
      { name: 'timeout', type: 'double' },
    ],
  },
  blmpop: {
    arguments: [
      { name: 'timeout', type: 'double' },
      { name: 'numkeys', type: 'integer' },
      keys,
      where,
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
    ],
  },
  blpop: blockingPop,
  brpop: blockingPop,
  brpoplpush: {
    history: timeoutHistory,
    arguments: [
      { name: 'source', type: 'key', keySpec: 0 },
      { name: 'destination', type: 'key', keySpec: 1 },
      { name: 'timeout', type: 'double' },
    ],
  },
  lindex: {
    arguments: [key, { name: 'index', type: 'integer' }],
  },
  linsert: {
    arguments: [
      key,
      {
        name: 'where',
        type: 'oneof',
        arguments: [
          { name: 'before', type: 'pure-token', token: 'BEFORE' },
          { name: 'after', type: 'pure-token', token: 'AFTER' },
        ],
      },
      { name: 'pivot', type: 'string' },
      { name: 'element', type: 'string' },
    ],
  },
  llen: { arguments: [key] },
  lmove: {
    arguments: [
      { name: 'source', type: 'key', keySpec: 0 },
      { name: 'destination', type: 'key', keySpec: 1 },
      wherefrom,
      whereto,
    ],
  },
  lmpop: {
    arguments: [
      { name: 'numkeys', type: 'integer' },
      keys,
      where,
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
    ],
  },
  lpop: pop,
  lpos: {
    arguments: [
      key,
      { name: 'element', type: 'string' },
      { name: 'rank', type: 'integer', token: 'RANK', flags: ['optional'] },
      { name: 'num-matches', type: 'integer', token: 'COUNT', flags: ['optional'] },
      { name: 'len', type: 'integer', token: 'MAXLEN', flags: ['optional'] },
    ],
  },
  lpush: push,
  lpushx: pushx,
  lrange: range,
  lrem: {
    arguments: [key, { name: 'count', type: 'integer' }, { name: 'element', type: 'string' }],
  },
  lset: {
    arguments: [key, { name: 'index', type: 'integer' }, { name: 'element', type: 'string' }],
  },
  ltrim: range,
  rpop: pop,
  rpoplpush: {
    arguments: [
      { name: 'source', type: 'key', keySpec: 0 },
      { name: 'destination', type: 'key', keySpec: 1 },
    ],
  },
  rpush: push,
  rpushx: pushx,
};
