/** Arguments and history of the set commands, as COMMAND DOCS shows them. */
import { integer, key, keyAs, keys, multiple, optional, pattern, since, string } from './arguments.ts';
import type { DocsTable } from './docs.ts';

export const setDocs: DocsTable = {
  sadd: {
    history: [['2.4.0', 'Takes several members.']],
    arguments: [key, multiple(string('member'))],
  },
  scard: { arguments: [key] },
  sdiff: { arguments: [keys] },
  sdiffstore: {
    arguments: [keyAs('destination', 0), multiple(keyAs('key', 1))],
  },
  sinter: { arguments: [keys] },
  sintercard: {
    arguments: [integer('numkeys'), keys, optional(integer('limit', 'LIMIT'))],
  },
  sinterstore: {
    arguments: [keyAs('destination', 0), multiple(keyAs('key', 1))],
  },
  sismember: {
    arguments: [key, string('member')],
  },
  smembers: { arguments: [key] },
  smismember: {
    arguments: [key, multiple(string('member'))],
  },
  smove: {
    arguments: [keyAs('source', 0), keyAs('destination', 1), string('member')],
  },
  spop: {
    history: [['3.2.0', 'Takes a count.']],
    arguments: [key, optional(since('3.2.0', integer('count')))],
  },
  srandmember: {
    history: [['2.6.0', 'Takes a count.']],
    arguments: [key, optional(since('2.6.0', integer('count')))],
  },
  srem: {
    history: [['2.4.0', 'Takes several members.']],
    arguments: [key, multiple(string('member'))],
  },
  sscan: {
    arguments: [key, integer('cursor'), optional(pattern('pattern', 'MATCH')), optional(integer('count', 'COUNT'))],
  },
  sunion: { arguments: [keys] },
  sunionstore: {
    arguments: [keyAs('destination', 0), multiple(keyAs('key', 1))],
  },
};
