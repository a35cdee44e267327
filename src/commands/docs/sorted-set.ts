/** Arguments and history of the sorted-set commands, as COMMAND DOCS shows them. */
import { type Argument, type DocsTable, key, keys } from './docs.ts';

const limit: Argument = {
  name: 'offset_count',
  type: 'block',
  token: 'LIMIT',
  flags: ['optional'],
  arguments: [
    { name: 'offset', type: 'integer' },
    { name: 'count', type: 'integer' },
  ],
};

const weights: Argument = { name: 'weight', type: 'integer', token: 'WEIGHTS', flags: ['optional', 'multiple'] };

const aggregate: Argument = {
  name: 'aggregate',
  type: 'oneof',
  token: 'AGGREGATE',
  flags: ['optional'],
  arguments: [
    { name: 'sum', type: 'pure-token', token: 'SUM' },
    { name: 'min', type: 'pure-token', token: 'MIN' },
    { name: 'max', type: 'pure-token', token: 'MAX' },
  ],
};

export const sortedSetDocs: DocsTable = {
  bzmpop: {
    arguments: [
      { name: 'timeout', type: 'double' },
      { name: 'numkeys', type: 'integer' },
      keys,
      {
        name: 'where',
        type: 'oneof',
        arguments: [
          { name: 'min', type: 'pure-token', token: 'MIN' },
          { name: 'max', type: 'pure-token', token: 'MAX' },
        ],
      },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
    ],
  },
  bzpopmax: {
    history: [['6.0.0', 'The timeout may have a fraction.']],
    arguments: [keys, { name: 'timeout', type: 'double' }],
  },
  bzpopmin: {
    history: [['6.0.0', 'The timeout may have a fraction.']],
    arguments: [keys, { name: 'timeout', type: 'double' }],
  },
  zadd: {
    history: [
      ['2.4.0', 'Takes several members.'],
      ['3.0.2', 'Takes `XX`, `NX`, `CH` and `INCR`.'],
      ['6.2.0', 'Takes `GT` and `LT`.'],
    ],
    arguments: [
      key,
      {
        name: 'condition',
        type: 'oneof',
        since: '3.0.2',
        flags: ['optional'],
        arguments: [
          { name: 'nx', type: 'pure-token', token: 'NX' },
          { name: 'xx', type: 'pure-token', token: 'XX' },
        ],
      },
      {
        name: 'comparison',
        type: 'oneof',
        since: '6.2.0',
        flags: ['optional'],
        arguments: [
          { name: 'gt', type: 'pure-token', token: 'GT' },
          { name: 'lt', type: 'pure-token', token: 'LT' },
        ],
      },
      { name: 'change', type: 'pure-token', token: 'CH', since: '3.0.2', flags: ['optional'] },
      { name: 'increment', type: 'pure-token', token: 'INCR', since: '3.0.2', flags: ['optional'] },
      {
        name: 'score_member',
        type: 'block',
        flags: ['multiple'],
        arguments: [
          { name: 'score', type: 'double' },
          { name: 'member', type: 'string' },
        ],
      },
    ],
  },
  zcard: { arguments: [key] },
  zcount: {
    arguments: [key, { name: 'min', type: 'double' }, { name: 'max', type: 'double' }],
  },
  zdiff: {
    arguments: [
      { name: 'numkeys', type: 'integer' },
      keys,
      { name: 'withscores', type: 'pure-token', token: 'WITHSCORES', flags: ['optional'] },
    ],
  },
  zdiffstore: {
    arguments: [
      { name: 'destination', type: 'key', keySpec: 0 },
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 1, flags: ['multiple'] },
    ],
  },
  zincrby: {
    arguments: [key, { name: 'increment', type: 'integer' }, { name: 'member', type: 'string' }],
  },
  zinter: {
    arguments: [
      { name: 'numkeys', type: 'integer' },
      keys,
      weights,
      aggregate,
      { name: 'withscores', type: 'pure-token', token: 'WITHSCORES', flags: ['optional'] },
    ],
  },
  zintercard: {
    arguments: [
      { name: 'numkeys', type: 'integer' },
      keys,
      { name: 'limit', type: 'integer', token: 'LIMIT', flags: ['optional'] },
    ],
  },
  zinterstore: {
    arguments: [
      { name: 'destination', type: 'key', keySpec: 0 },
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 1, flags: ['multiple'] },
      weights,
      aggregate,
    ],
  },
  zlexcount: {
    arguments: [key, { name: 'min', type: 'string' }, { name: 'max', type: 'string' }],
  },
  zmpop: {
    arguments: [
      { name: 'numkeys', type: 'integer' },
      keys,
      {
        name: 'where',
        type: 'oneof',
        arguments: [
          { name: 'min', type: 'pure-token', token: 'MIN' },
          { name: 'max', type: 'pure-token', token: 'MAX' },
        ],
      },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
    ],
  },
  zmscore: {
    arguments: [key, { name: 'member', type: 'string', flags: ['multiple'] }],
  },
  zpopmax: {
    arguments: [key, { name: 'count', type: 'integer', flags: ['optional'] }],
  },
  zpopmin: {
    arguments: [key, { name: 'count', type: 'integer', flags: ['optional'] }],
  },
  zrandmember: {
    arguments: [
      key,
      {
        name: 'options',
        type: 'block',
        flags: ['optional'],
        arguments: [
          { name: 'count', type: 'integer' },
          { name: 'withscores', type: 'pure-token', token: 'WITHSCORES', flags: ['optional'] },
        ],
      },
    ],
  },
  zrange: {
    history: [['6.2.0', 'Takes `REV`, `BYSCORE`, `BYLEX` and `LIMIT`.']],
    arguments: [
      key,
      { name: 'start', type: 'string' },
      { name: 'stop', type: 'string' },
      {
        name: 'sortby',
        type: 'oneof',
        since: '6.2.0',
        flags: ['optional'],
        arguments: [
          { name: 'byscore', type: 'pure-token', token: 'BYSCORE' },
          { name: 'bylex', type: 'pure-token', token: 'BYLEX' },
        ],
      },
      { name: 'rev', type: 'pure-token', token: 'REV', since: '6.2.0', flags: ['optional'] },
      {
        name: 'offset_count',
        type: 'block',
        token: 'LIMIT',
        since: '6.2.0',
        flags: ['optional'],
        arguments: [
          { name: 'offset', type: 'integer' },
          { name: 'count', type: 'integer' },
        ],
      },
      { name: 'withscores', type: 'pure-token', token: 'WITHSCORES', flags: ['optional'] },
    ],
  },
  zrangebylex: {
    arguments: [key, { name: 'min', type: 'string' }, { name: 'max', type: 'string' }, limit],
  },
  zrangebyscore: {
    history: [['2.0.0', 'Takes `WITHSCORES`.']],
    arguments: [
      key,
      { name: 'min', type: 'double' },
      { name: 'max', type: 'double' },
      { name: 'withscores', type: 'pure-token', token: 'WITHSCORES', since: '2.0.0', flags: ['optional'] },
      limit,
    ],
  },
  zrangestore: {
    arguments: [
      { name: 'dst', type: 'key', keySpec: 0 },
      { name: 'src', type: 'key', keySpec: 1 },
      { name: 'min', type: 'string' },
      { name: 'max', type: 'string' },
      {
        name: 'sortby',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'byscore', type: 'pure-token', token: 'BYSCORE' },
          { name: 'bylex', type: 'pure-token', token: 'BYLEX' },
        ],
      },
      { name: 'rev', type: 'pure-token', token: 'REV', flags: ['optional'] },
      limit,
    ],
  },
  zrank: {
    history: [['7.2.0', 'Takes `WITHSCORE`.']],
    arguments: [
      key,
      { name: 'member', type: 'string' },
      { name: 'withscore', type: 'pure-token', token: 'WITHSCORE', since: '7.2.0', flags: ['optional'] },
    ],
  },
  zrem: {
    history: [['2.4.0', 'Takes several members.']],
    arguments: [key, { name: 'member', type: 'string', flags: ['multiple'] }],
  },
  zremrangebylex: {
    arguments: [key, { name: 'min', type: 'string' }, { name: 'max', type: 'string' }],
  },
  zremrangebyrank: {
    arguments: [key, { name: 'start', type: 'integer' }, { name: 'stop', type: 'integer' }],
  },
  zremrangebyscore: {
    arguments: [key, { name: 'min', type: 'double' }, { name: 'max', type: 'double' }],
  },
  zrevrange: {
    arguments: [
      key,
      { name: 'start', type: 'integer' },
      { name: 'stop', type: 'integer' },
      { name: 'withscores', type: 'pure-token', token: 'WITHSCORES', flags: ['optional'] },
    ],
  },
  zrevrangebylex: {
    arguments: [key, { name: 'max', type: 'string' }, { name: 'min', type: 'string' }, limit],
  },
  zrevrangebyscore: {
    history: [['2.1.6', '`min` and `max` may be exclusive.']],
    arguments: [
      key,
      { name: 'max', type: 'double' },
      { name: 'min', type: 'double' },
      { name: 'withscores', type: 'pure-token', token: 'WITHSCORES', flags: ['optional'] },
      limit,
    ],
  },
  zrevrank: {
    history: [['7.2.0', 'Takes `WITHSCORE`.']],
    arguments: [
      key,
      { name: 'member', type: 'string' },
      { name: 'withscore', type: 'pure-token', token: 'WITHSCORE', since: '7.2.0', flags: ['optional'] },
    ],
  },
  zscan: {
    arguments: [
      key,
      { name: 'cursor', type: 'integer' },
      { name: 'pattern', type: 'pattern', token: 'MATCH', flags: ['optional'] },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
    ],
  },
  zscore: {
    arguments: [key, { name: 'member', type: 'string' }],
  },
  zunion: {
    arguments: [
      { name: 'numkeys', type: 'integer' },
      keys,
      weights,
      aggregate,
      { name: 'withscores', type: 'pure-token', token: 'WITHSCORES', flags: ['optional'] },
    ],
  },
  zunionstore: {
    arguments: [
      { name: 'destination', type: 'key', keySpec: 0 },
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 1, flags: ['multiple'] },
      weights,
      aggregate,
    ],
  },
};
