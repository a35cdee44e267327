/** Arguments and history of the pubsub commands, as COMMAND DOCS shows them. */
import { block, multiple, optional, pattern, string } from './arguments.ts';
import type { DocsTable } from './docs.ts';

export const pubsubDocs: DocsTable = {
  psubscribe: {
    arguments: [multiple(block('pattern', pattern('pattern')))],
  },
  publish: {
    arguments: [string('channel'), string('message')],
  },
  'pubsub|channels': { arguments: [optional(pattern('pattern'))] },
  'pubsub|numsub': { arguments: [optional(multiple(string('channel')))] },
  'pubsub|shardchannels': { arguments: [optional(pattern('pattern'))] },
  'pubsub|shardnumsub': { arguments: [optional(multiple(string('shardchannel')))] },
  punsubscribe: { arguments: [optional(multiple(pattern('pattern')))] },
  spublish: {
    arguments: [string('shardchannel'), string('message')],
  },
  ssubscribe: { arguments: [multiple(string('shardchannel'))] },
  subscribe: { arguments: [multiple(string('channel'))] },
  sunsubscribe: { arguments: [optional(multiple(string('shardchannel')))] },
  unsubscribe: { arguments: [optional(multiple(string('channel')))] },
};
