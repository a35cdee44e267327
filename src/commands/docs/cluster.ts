/** Arguments and history of the cluster commands, as COMMAND DOCS shows them. */
import { block, integer, multiple, oneOf, optional, since, string, word } from './arguments.ts';
import type { DocsTable } from './docs.ts';

export const clusterDocs: DocsTable = {
  'cluster|addslots': { arguments: [multiple(integer('slot'))] },
  'cluster|addslotsrange': {
    arguments: [multiple(block('start-slot_end-slot', integer('start-slot'), integer('end-slot')))],
  },
  'cluster|count-failure-reports': { arguments: [string('node-id')] },
  'cluster|countkeysinslot': { arguments: [integer('slot')] },
  'cluster|delslots': { arguments: [multiple(integer('slot'))] },
  'cluster|delslotsrange': {
    arguments: [multiple(block('start-slot_end-slot', integer('start-slot'), integer('end-slot')))],
  },
  'cluster|failover': {
    arguments: [optional(oneOf('options', word('FORCE'), word('TAKEOVER')))],
  },
  'cluster|forget': { arguments: [string('node-id')] },
  'cluster|getkeysinslot': {
    arguments: [integer('slot'), integer('count')],
  },
  'cluster|keyslot': { arguments: [string('key')] },
  'cluster|meet': {
    history: [['4.0.0', 'Takes the port of the cluster bus.']],
    arguments: [string('ip'), integer('port'), optional(since('4.0.0', integer('cluster_bus_port')))],
  },
  'cluster|replicas': { arguments: [string('node-id')] },
  'cluster|replicate': { arguments: [string('node-id')] },
  'cluster|reset': {
    arguments: [optional(oneOf('hard_soft', word('HARD'), word('SOFT')))],
  },
  'cluster|set-config-epoch': { arguments: [integer('config-epoch')] },
  'cluster|setslot': {
    arguments: [
      integer('slot'),
      oneOf(
        'subcommand',
        string('node-id', 'IMPORTING'),
        string('node-id', 'MIGRATING'),
        string('node-id', 'NODE'),
        word('STABLE'),
      ),
    ],
  },
  'cluster|slaves': { arguments: [string('node-id')] },
  'cluster|slots': {
    history: [
      ['4.0.0', 'Returns node ids too.'],
      ['7.0.0', 'Returns further addresses of nodes too.'],
    ],
  },
};
