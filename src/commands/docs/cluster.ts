/** Arguments and history of the cluster commands, as COMMAND DOCS shows them. */
import type { DocsTable } from './docs.ts';

export const clusterDocs: DocsTable = {
  'cluster|addslots': { arguments: [{ name: 'slot', type: 'integer', flags: ['multiple'] }] },
  'cluster|addslotsrange': {
    arguments: [
      {
        name: 'start-slot_end-slot',
        type: 'block',
        flags: ['multiple'],
        arguments: [
          { name: 'start-slot', type: 'integer' },
          { name: 'end-slot', type: 'integer' },
        ],
      },
    ],
  },
  'cluster|count-failure-reports': { arguments: [{ name: 'node-id', type: 'string' }] },
  'cluster|countkeysinslot': { arguments: [{ name: 'slot', type: 'integer' }] },
  'cluster|delslots': { arguments: [{ name: 'slot', type: 'integer', flags: ['multiple'] }] },
  'cluster|delslotsrange': {
    arguments: [
      {
        name: 'start-slot_end-slot',
        type: 'block',
        flags: ['multiple'],
        arguments: [
          { name: 'start-slot', type: 'integer' },
          { name: 'end-slot', type: 'integer' },
        ],
      },
    ],
  },
  'cluster|failover': {
    arguments: [
      {
        name: 'options',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'force', type: 'pure-token', token: 'FORCE' },
          { name: 'takeover', type: 'pure-token', token: 'TAKEOVER' },
        ],
      },
    ],
  },
  'cluster|forget': { arguments: [{ name: 'node-id', type: 'string' }] },
  'cluster|getkeysinslot': {
    arguments: [
      { name: 'slot', type: 'integer' },
      { name: 'count', type: 'integer' },
    ],
  },
  'cluster|keyslot': { arguments: [{ name: 'key', type: 'string' }] },
  'cluster|meet': {
    history: [['4.0.0', 'Takes the port of the cluster bus.']],
    arguments: [
      { name: 'ip', type: 'string' },
      { name: 'port', type: 'integer' },
      { name: 'cluster_bus_port', type: 'integer', since: '4.0.0', flags: ['optional'] },
    ],
  },
  'cluster|replicas': { arguments: [{ name: 'node-id', type: 'string' }] },
  'cluster|replicate': { arguments: [{ name: 'node-id', type: 'string' }] },
  'cluster|reset': {
    arguments: [
      {
        name: 'hard_soft',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'hard', type: 'pure-token', token: 'HARD' },
          { name: 'soft', type: 'pure-token', token: 'SOFT' },
        ],
      },
    ],
  },
  'cluster|set-config-epoch': { arguments: [{ name: 'config-epoch', type: 'integer' }] },
  'cluster|setslot': {
    arguments: [
      { name: 'slot', type: 'integer' },
      {
        name: 'subcommand',
        type: 'oneof',
        arguments: [
          { name: 'node-id', type: 'string', token: 'IMPORTING' },
          { name: 'node-id', type: 'string', token: 'MIGRATING' },
          { name: 'node-id', type: 'string', token: 'NODE' },
          { name: 'stable', type: 'pure-token', token: 'STABLE' },
        ],
      },
    ],
  },
  'cluster|slaves': { arguments: [{ name: 'node-id', type: 'string' }] },
  'cluster|slots': {
    history: [
      ['4.0.0', 'Returns node ids too.'],
      ['7.0.0', 'Returns further addresses of nodes too.'],
    ],
  },
};
