/** Arguments and history of the set commands, as COMMAND DOCS shows them. */
import { type DocsTable, key, keys } from './docs.ts';

export const setDocs: DocsTable = {
  sadd: {
    history: [['2.4.0', 'Takes several members.']],
    arguments: [key, { name: 'member', type: 'string', flags: ['multiple'] }],
  },
  scard: { arguments: [key] },
  sdiff: { arguments: [keys] },
  sdiffstore: {
    arguments: [
      { name: 'destination', type: 'key', keySpec: 0 },
      { name: 'key', type: 'key', keySpec: 1, flags: ['multiple'] },
    ],
  },
  sinter: { arguments: [keys] },
  sintercard: {
    arguments: [
      { name: 'numkeys', type: 'integer' },
      keys,
      { name: 'limit', type: 'integer', token: 'LIMIT', flags: ['optional'] },
    ],
  },
  sinterstore: {
    arguments: [
      { name: 'destination', type: 'key', keySpec: 0 },
      { name: 'key', type: 'key', keySpec: 1, flags: ['multiple'] },
    ],
  },
  sismember: {
    arguments: [key, { name: 'member', type: 'string' }],
  },
  smembers: { arguments: [key] },
  smismember: {
    arguments: [key, { name: 'member', type: 'string', flags: ['multiple'] }],
  },
  smove: {
    arguments: [
      { name: 'source', type: 'key', keySpec: 0 },
      { name: 'destination', type: 'key', keySpec: 1 },
      { name: 'member', type: 'string' },
    ],
  },
  spop: {
    history: [['3.2.0', 'Takes a count.']],
    arguments: [key, { name: 'count', type: 'integer', since: '3.2.0', flags: ['optional'] }],
  },
  srandmember: {
    history: [['2.6.0', 'Takes a count.']],
    arguments: [key, { name: 'count', type: 'integer', since: '2.6.0', flags: ['optional'] }],
  },
  srem: {
    history: [['2.4.0', 'Takes several members.']],
    arguments: [key, { name: 'member', type: 'string', flags: ['multiple'] }],
  },
  sscan: {
    arguments: [
      key,
      { name: 'cursor', type: 'integer' },
      { name: 'pattern', type: 'pattern', token: 'MATCH', flags: ['optional'] },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
    ],
  },
  sunion: { arguments: [keys] },
  sunionstore: {
    arguments: [
      { name: 'destination', type: 'key', keySpec: 0 },
      { name: 'key', type: 'key', keySpec: 1, flags: ['multiple'] },
    ],
  },
};
