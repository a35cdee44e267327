/** Arguments and history of the hash commands, as COMMAND DOCS shows them. */
import {
  after,
  block,
  double,
  expiration,
  integer,
  key,
  multiple,
  oneOf,
  optional,
  pattern,
  since,
  string,
  unixTime,
  word,
} from './arguments.ts';
import type { Argument, DocsTable } from './docs.ts';

/** The fields that a command is about. */
const fields: Argument = after('FIELDS', block('fields', integer('numfields'), multiple(string('field'))));

/** Which deadlines the new one may replace. */
const condition: Argument = optional(oneOf('condition', word('NX'), word('XX'), word('GT'), word('LT')));

export const hashDocs: DocsTable = {
  hdel: {
    history: [['2.4.0', 'Takes several fields.']],
    arguments: [key, multiple(string('field'))],
  },
  hexists: {
    arguments: [key, string('field')],
  },
  hget: {
    arguments: [key, string('field')],
  },
  hgetall: { arguments: [key] },
  hincrby: {
    arguments: [key, string('field'), integer('increment')],
  },
  hincrbyfloat: {
    arguments: [key, string('field'), double('increment')],
  },
  hkeys: { arguments: [key] },
  hlen: { arguments: [key] },
  hmget: {
    arguments: [key, multiple(string('field'))],
  },
  hmset: {
    arguments: [key, multiple(block('field_value', string('field'), string('value')))],
  },
  hrandfield: {
    arguments: [key, optional(block('options', integer('count'), optional(word('WITHVALUES'))))],
  },
  hscan: {
    history: [['7.4.0', 'Takes `NOVALUES`.']],
    arguments: [
      key,
      integer('cursor'),
      optional(pattern('pattern', 'MATCH')),
      optional(integer('count', 'COUNT')),
      optional(since('7.4.0', word('NOVALUES'))),
    ],
  },
  hset: {
    history: [['4.0.0', 'Takes several pairs of field and value.']],
    arguments: [key, multiple(block('field_value', string('field'), string('value')))],
  },
  hsetnx: {
    arguments: [key, string('field'), string('value')],
  },
  hstrlen: {
    arguments: [key, string('field')],
  },
  hvals: { arguments: [key] },
  hexpire: {
    arguments: [key, integer('seconds'), condition, fields],
  },
  hexpireat: {
    arguments: [key, unixTime('unix-time-seconds'), condition, fields],
  },
  hexpiretime: {
    arguments: [key, fields],
  },
  hgetdel: {
    arguments: [key, fields],
  },
  hgetex: {
    arguments: [key, optional(expiration(word('PERSIST'))), fields],
  },
  hpersist: {
    arguments: [key, fields],
  },
  hpexpire: {
    arguments: [key, integer('milliseconds'), condition, fields],
  },
  hpexpireat: {
    arguments: [key, unixTime('unix-time-milliseconds'), condition, fields],
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
      optional(oneOf('condition', word('FNX'), word('FXX'))),
      optional(expiration(word('KEEPTTL'))),
      after('FIELDS', block('fields', integer('numfields'), multiple(block('data', string('field'), string('value'))))),
    ],
  },
  httl: {
    arguments: [key, fields],
  },
};
