/** Arguments and history of the set commands, as COMMAND DOCS shows them. */
import type { DocsTable } from './docs.ts';

export const setDocs: DocsTable = {
  sadd: {
    history: [['2.4.0', 'Takes several members.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'member', type: 'string', flags: ['multiple'] },
    ],
  },
  scard: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  sdiff: { arguments: [{ name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] }] },
  sdiffstore: {
    arguments: [
      { name: 'destination', type: 'key', keySpec: 0 },
      { name: 'key', type: 'key', keySpec: 1, flags: ['multiple'] },
    ],
  },
  sinter: { arguments: [{ name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] }] },
  sintercard: {
    arguments: [
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] },
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
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'member', type: 'string' },
    ],
  },
  smembers: { arguments: [{ name: 'key', type: 'key', keySpec: 0 }] },
  smismember: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'member', type: 'string', flags: ['multiple'] },
    ],
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
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'count', type: 'integer', since: '3.2.0', flags: ['optional'] },
    ],
  },
  srandmember: {
    history: [['2.6.0', 'Takes a count.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'count', type: 'integer', since: '2.6.0', flags: ['optional'] },
    ],
  },
  srem: {
    history: [['2.4.0', 'Takes several members.']],
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'member', type: 'string', flags: ['multiple'] },
    ],
  },
  sscan: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'cursor', type: 'integer' },
      { name: 'pattern', type: 'pattern', token: 'MATCH', flags: ['optional'] },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
    ],
  },
  sunion: { arguments: [{ name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] }] },
  sunionstore: {
    arguments: [
      { name: 'destination', type: 'key', keySpec: 0 },
      { name: 'key', type: 'key', keySpec: 1, flags: ['multiple'] },
    ],
  },
};
