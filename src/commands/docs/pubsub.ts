/** Arguments and history of the pubsub commands, as COMMAND DOCS shows them. */
import type { DocsTable } from './docs.ts';

export const pubsubDocs: DocsTable = {
  psubscribe: {
    arguments: [
      { name: 'pattern', type: 'block', flags: ['multiple'], arguments: [{ name: 'pattern', type: 'pattern' }] },
    ],
  },
  publish: {
    arguments: [
      { name: 'channel', type: 'string' },
      { name: 'message', type: 'string' },
    ],
  },
  'pubsub|channels': { arguments: [{ name: 'pattern', type: 'pattern', flags: ['optional'] }] },
  'pubsub|numsub': { arguments: [{ name: 'channel', type: 'string', flags: ['optional', 'multiple'] }] },
  'pubsub|shardchannels': { arguments: [{ name: 'pattern', type: 'pattern', flags: ['optional'] }] },
  'pubsub|shardnumsub': { arguments: [{ name: 'shardchannel', type: 'string', flags: ['optional', 'multiple'] }] },
  punsubscribe: { arguments: [{ name: 'pattern', type: 'pattern', flags: ['optional', 'multiple'] }] },
  spublish: {
    arguments: [
      { name: 'shardchannel', type: 'string' },
      { name: 'message', type: 'string' },
    ],
  },
  ssubscribe: { arguments: [{ name: 'shardchannel', type: 'string', flags: ['multiple'] }] },
  subscribe: { arguments: [{ name: 'channel', type: 'string', flags: ['multiple'] }] },
  sunsubscribe: { arguments: [{ name: 'shardchannel', type: 'string', flags: ['optional', 'multiple'] }] },
  unsubscribe: { arguments: [{ name: 'channel', type: 'string', flags: ['optional', 'multiple'] }] },
};
