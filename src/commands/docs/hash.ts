/** Arguments and history of the hash commands, as COMMAND DOCS shows them. */
import { type Argument, type DocsTable, key } from './docs.ts';

/** The fields that a command is about. */
const fields: Argument = {
  name: 'fields',
  type: 'block',
  token: 'FIELDS',
  arguments: [
    { name: 'numfields', type: 'integer' },
    { name: 'field', type: 'string', flags: ['multiple'] },
  ],
};

/** Which deadlines the new one may replace. */
const condition: Argument = {
  name: 'condition',
  type: 'oneof',
  flags: ['optional'],
  arguments: [
    { name: 'nx', type: 'pure-token', token: 'NX' },
    { name: 'xx', type: 'pure-token', token: 'XX' },
    { name: 'gt', type: 'pure-token', token: 'GT' },
    { name: 'lt', type: 'pure-token', token: 'LT' },
  ],
};

export const hashDocs: DocsTable = {
  hdel: {
    history: [['2.4.0', 'Takes several fields.']],
    arguments: [key, { name: 'field', type: 'string', flags: ['multiple'] }],
  },
  hexists: {
    arguments: [key, { name: 'field', type: 'string' }],
  },
  hget: {
    arguments: [key, { name: 'field', type: 'string' }],
  },
  hgetall: { arguments: [key] },
  hincrby: {
    arguments: [key, { name: 'field', type: 'string' }, { name: 'increment', type: 'integer' }],
  },
  hincrbyfloat: {
    arguments: [key, { name: 'field', type: 'string' }, { name: 'increment', type: 'double' }],
  },
  hkeys: { arguments: [key] },
  hlen: { arguments: [key] },
  hmget: {
    arguments: [key, { name: 'field', type: 'string', flags: ['multiple'] }],
  },
  hmset: {
    arguments: [
      key,
      {
        name: 'field_value',
        type: 'block',
        flags: ['multiple'],
        arguments: [
          { name: 'field', type: 'string' },
          { name: 'value', type: 'string' },
        ],
      },
    ],
  },
  hrandfield: {
    arguments: [
      key,
      {
        name: 'options',
        type: 'block',
        flags: ['optional'],
        arguments: [
          { name: 'count', type: 'integer' },
          { name: 'withvalues', type: 'pure-token', token: 'WITHVALUES', flags: ['optional'] },
        ],
      },
    ],
  },
  hscan: {
    history: [['7.4.0', 'Takes `NOVALUES`.']],
    arguments: [
      key,
      { name: 'cursor', type: 'integer' },
      { name: 'pattern', type: 'pattern', token: 'MATCH', flags: ['optional'] },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
      { name: 'novalues', type: 'pure-token', token: 'NOVALUES', since: '7.4.0', flags: ['optional'] },
    ],
  },
  hset: {
    history: [['4.0.0', 'Takes several pairs of field and value.']],
    arguments: [
      key,
      {
        name: 'field_value',
        type: 'block',
        flags: ['multiple'],
        arguments: [
          { name: 'field', type: 'string' },
          { name: 'value', type: 'string' },
        ],
      },
    ],
  },
  hsetnx: {
    arguments: [key, { name: 'field', type: 'string' }, { name: 'value', type: 'string' }],
  },
  hstrlen: {
    arguments: [key, { name: 'field', type: 'string' }],
  },
  hvals: { arguments: [key] },
  hexpire: {
    arguments: [key, { name: 'seconds', type: 'integer' }, condition, fields],
  },
  hexpireat: {
    arguments: [key, { name: 'unix-time-seconds', type: 'unix-time' }, condition, fields],
  },
  hexpiretime: {
    arguments: [key, fields],
  },
  hgetdel: {
    arguments: [key, fields],
  },
  hgetex: {
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
      fields,
    ],
  },
  hpersist: {
    arguments: [key, fields],
  },
  hpexpire: {
    arguments: [key, { name: 'milliseconds', type: 'integer' }, condition, fields],
  },
  hpexpireat: {
    arguments: [key, { name: 'unix-time-milliseconds', type: 'unix-time' }, condition, fields],
  },
  hpexpiretime: {
    arguments: [key, fields],
  },
  hpttl: {
    arguments: [key, fields],
  },
  hsetex: {
    arguments: [
      key,
      {
        name: 'condition',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'fnx', type: 'pure-token', token: 'FNX' },
          { name: 'fxx', type: 'pure-token', token: 'FXX' },
        ],
      },
      {
        name: 'expiration',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'seconds', type: 'integer', token: 'EX' },
          { name: 'milliseconds', type: 'integer', token: 'PX' },
          { name: 'unix-time-seconds', type: 'unix-time', token: 'EXAT' },
          { name: 'unix-time-milliseconds', type: 'unix-time', token: 'PXAT' },
          { name: 'keepttl', type: 'pure-token', token: 'KEEPTTL' },
        ],
      },
      {
        name: 'fields',
        type: 'block',
        token: 'FIELDS',
        arguments: [
          { name: 'numfields', type: 'integer' },
          {
            name: 'data',
            type: 'block',
            flags: ['multiple'],
            arguments: [
              { name: 'field', type: 'string' },
              { name: 'value', type: 'string' },
            ],
          },
        ],
      },
    ],
  },
  httl: {
    arguments: [key, fields],
  },
};
