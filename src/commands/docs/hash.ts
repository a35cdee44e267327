/** Arguments and history of the hash commands, as COMMAND DOCS shows them. */
import type { DocsTable } from './docs.ts';

export const hashDocs: DocsTable = {
  hdel: {
    history: [['2.4.0', 'Takes several fields.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'field', type: 'string', flags: ['multiple'] },
    ],
  },
  hexists: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'field', type: 'string' },
    ],
  },
  hget: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'field', type: 'string' },
    ],
  },
  hgetall: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  hincrby: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'field', type: 'string' },
      { name: 'increment', type: 'integer' },
    ],
  },
  hincrbyfloat: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'field', type: 'string' },
      { name: 'increment', type: 'double' },
    ],
  },
  hkeys: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  hlen: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  hmget: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'field', type: 'string', flags: ['multiple'] },
    ],
  },
  hmset: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
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
      { name: 'key', type: 'key', keySpec: 0 },
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
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'cursor', type: 'integer' },
      { name: 'pattern', type: 'pattern', token: 'MATCH', flags: ['optional'] },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
    ],
  },
  hset: {
    history: [['4.0.0', 'Takes several pairs of field and value.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
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
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'field', type: 'string' },
      { name: 'value', type: 'string' },
    ],
  },
  hstrlen: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'field', type: 'string' },
    ],
  },
  hvals: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
};
