/** Arguments and history of the list commands, as COMMAND DOCS shows them. */
import type { DocsTable } from './docs.ts';

export const listDocs: DocsTable = {
  blmove: {
    arguments: [
      { name: 'source', type: 'key', keySpec: 0 },
      { name: 'destination', type: 'key', keySpec: 1 },
      {
        name: 'wherefrom',
        type: 'oneof',
        arguments: [
          { name: 'left', type: 'pure-token', token: 'LEFT' },
          { name: 'right', type: 'pure-token', token: 'RIGHT' },
        ],
      },
      {
        name: 'whereto',
        type: 'oneof',
        arguments: [
          { name: 'left', type: 'pure-token', token: 'LEFT' },
          { name: 'right', type: 'pure-token', token: 'RIGHT' },
        ],
      },
      { name: 'timeout', type: 'double' },
    ],
  },
  blmpop: {
    arguments: [
      { name: 'timeout', type: 'double' },
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] },
      {
        name: 'where',
        type: 'oneof',
        arguments: [
          { name: 'left', type: 'pure-token', token: 'LEFT' },
          { name: 'right', type: 'pure-token', token: 'RIGHT' },
        ],
      },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
    ],
  },
  blpop: {
    history: [['6.0.0', 'The timeout may have a fraction.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] },
      { name: 'timeout', type: 'double' },
    ],
  },
  brpop: {
    history: [['6.0.0', 'The timeout may have a fraction.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] },
      { name: 'timeout', type: 'double' },
    ],
  },
  brpoplpush: {
    history: [['6.0.0', 'The timeout may have a fraction.']],
    arguments: [
      { name: 'source', type: 'key', keySpec: 0 },
      { name: 'destination', type: 'key', keySpec: 1 },
      { name: 'timeout', type: 'double' },
    ],
  },
  lindex: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'index', type: 'integer' },
    ],
  },
  linsert: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
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
  llen: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  lmove: {
    arguments: [
      { name: 'source', type: 'key', keySpec: 0 },
      { name: 'destination', type: 'key', keySpec: 1 },
      {
        name: 'wherefrom',
        type: 'oneof',
        arguments: [
          { name: 'left', type: 'pure-token', token: 'LEFT' },
          { name: 'right', type: 'pure-token', token: 'RIGHT' },
        ],
      },
      {
        name: 'whereto',
        type: 'oneof',
        arguments: [
          { name: 'left', type: 'pure-token', token: 'LEFT' },
          { name: 'right', type: 'pure-token', token: 'RIGHT' },
        ],
      },
    ],
  },
  lmpop: {
    arguments: [
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] },
      {
        name: 'where',
        type: 'oneof',
        arguments: [
          { name: 'left', type: 'pure-token', token: 'LEFT' },
          { name: 'right', type: 'pure-token', token: 'RIGHT' },
        ],
      },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
    ],
  },
  lpop: {
    history: [['6.2.0', 'Takes a count.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'count', type: 'integer', since: '6.2.0', flags: ['optional'] },
    ],
  },
  lpos: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'element', type: 'string' },
      { name: 'rank', type: 'integer', token: 'RANK', flags: ['optional'] },
      { name: 'num-matches', type: 'integer', token: 'COUNT', flags: ['optional'] },
      { name: 'len', type: 'integer', token: 'MAXLEN', flags: ['optional'] },
    ],
  },
  lpush: {
    history: [['2.4.0', 'Takes several elements.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'element', type: 'string', flags: ['multiple'] },
    ],
  },
  lpushx: {
    history: [['4.0.0', 'Takes several elements.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'element', type: 'string', flags: ['multiple'] },
    ],
  },
  lrange: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'start', type: 'integer' },
      { name: 'stop', type: 'integer' },
    ],
  },
  lrem: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'count', type: 'integer' },
      { name: 'element', type: 'string' },
    ],
  },
  lset: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'index', type: 'integer' },
      { name: 'element', type: 'string' },
    ],
  },
  ltrim: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'start', type: 'integer' },
      { name: 'stop', type: 'integer' },
    ],
  },
  rpop: {
    history: [['6.2.0', 'Takes a count.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'count', type: 'integer', since: '6.2.0', flags: ['optional'] },
    ],
  },
  rpoplpush: {
    arguments: [
      { name: 'source', type: 'key', keySpec: 0 },
      { name: 'destination', type: 'key', keySpec: 1 },
    ],
  },
  rpush: {
    history: [['2.4.0', 'Takes several elements.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'element', type: 'string', flags: ['multiple'] },
    ],
  },
  rpushx: {
    history: [['4.0.0', 'Takes several elements.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'element', type: 'string', flags: ['multiple'] },
    ],
  },
};
