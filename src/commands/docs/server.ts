/** Arguments and history of the server commands, as COMMAND DOCS shows them. */
import { type Argument, type CommandDocs, type DocsTable, key } from './docs.ts';
import { restoreDocs } from './generic.ts';

const flushMode: Argument = {
  name: 'async',
  type: 'oneof',
  flags: ['optional'],
  arguments: [
    { name: 'async', type: 'pure-token', token: 'ASYNC', since: '4.0.0' },
    { name: 'sync', type: 'pure-token', token: 'SYNC', since: '6.2.0' },
  ],
};

const flushDocs: CommandDocs = {
  history: [
    ['4.0.0', 'Takes `ASYNC`.'],
    ['6.2.0', 'Takes `SYNC`.'],
  ],
  arguments: [flushMode],
};

/** Whom to follow. */
const masterDocs: CommandDocs = {
  arguments: [
    {
      name: 'args',
      type: 'oneof',
      arguments: [
        {
          name: 'host-port',
          type: 'block',
          arguments: [
            { name: 'host', type: 'string' },
            { name: 'port', type: 'integer' },
          ],
        },
        {
          name: 'no-one',
          type: 'block',
          arguments: [
            { name: 'no', type: 'pure-token', token: 'NO' },
            { name: 'one', type: 'pure-token', token: 'ONE' },
          ],
        },
      ],
    },
  ],
};

export const serverDocs: DocsTable = {
  'acl|cat': { arguments: [{ name: 'categoryname', type: 'string', flags: ['optional'] }] },
  'acl|deluser': { arguments: [{ name: 'username', type: 'string', flags: ['multiple'] }] },
  'acl|dryrun': {
    arguments: [
      { name: 'username', type: 'string' },
      { name: 'command', type: 'string' },
      { name: 'arg', type: 'string', flags: ['optional', 'multiple'] },
    ],
  },
  'acl|genpass': { arguments: [{ name: 'bits', type: 'integer', flags: ['optional'] }] },
  'acl|getuser': {
    history: [
      ['6.2.0', 'Shows patterns of channels.'],
      ['7.0.0', 'Shows selectors; patterns of keys and channels have the form of rules.'],
    ],
    arguments: [{ name: 'username', type: 'string' }],
  },
  'acl|log': {
    arguments: [
      {
        name: 'operation',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'count', type: 'integer' },
          { name: 'reset', type: 'pure-token', token: 'RESET' },
        ],
      },
    ],
  },
  'acl|setuser': {
    history: [
      ['6.2.0', 'Takes patterns of channels.'],
      ['7.0.0', 'Takes selectors, and what may be done to keys.'],
    ],
    arguments: [
      { name: 'username', type: 'string' },
      { name: 'rule', type: 'string', flags: ['optional', 'multiple'] },
    ],
  },
  bgsave: {
    history: [['3.2.2', 'Takes `SCHEDULE`.']],
    arguments: [{ name: 'schedule', type: 'pure-token', token: 'SCHEDULE', since: '3.2.2', flags: ['optional'] }],
  },
  'command|docs': { arguments: [{ name: 'command-name', type: 'string', flags: ['optional', 'multiple'] }] },
  'command|info': {
    history: [['7.0.0', 'May be called without a name; then it describes all commands.']],
    arguments: [{ name: 'command-name', type: 'string', flags: ['optional', 'multiple'] }],
  },
  'command|list': {
    arguments: [
      {
        name: 'filterby',
        type: 'oneof',
        token: 'FILTERBY',
        flags: ['optional'],
        arguments: [
          { name: 'module-name', type: 'string', token: 'MODULE' },
          { name: 'category', type: 'string', token: 'ACLCAT' },
          { name: 'pattern', type: 'pattern', token: 'PATTERN' },
        ],
      },
    ],
  },
  'config|get': {
    history: [['7.0.0', 'Takes several patterns.']],
    arguments: [
      { name: 'parameter', type: 'block', flags: ['multiple'], arguments: [{ name: 'parameter', type: 'string' }] },
    ],
  },
  'config|set': {
    history: [['7.0.0', 'Takes several pairs.']],
    arguments: [
      {
        name: 'parameter_value',
        type: 'block',
        flags: ['multiple'],
        arguments: [
          { name: 'parameter', type: 'string' },
          { name: 'value', type: 'string' },
        ],
      },
    ],
  },
  failover: {
    arguments: [
      {
        name: 'target',
        type: 'block',
        token: 'TO',
        flags: ['optional'],
        arguments: [
          { name: 'host', type: 'string' },
          { name: 'port', type: 'integer' },
          { name: 'force', type: 'pure-token', token: 'FORCE', flags: ['optional'] },
        ],
      },
      { name: 'abort', type: 'pure-token', token: 'ABORT', flags: ['optional'] },
      { name: 'milliseconds', type: 'integer', token: 'TIMEOUT', flags: ['optional'] },
    ],
  },
  flushall: flushDocs,
  flushdb: flushDocs,
  info: {
    history: [['7.0.0', 'Takes several sections.']],
    arguments: [{ name: 'section', type: 'string', flags: ['optional', 'multiple'] }],
  },
  'latency|graph': { arguments: [{ name: 'event', type: 'string' }] },
  'latency|histogram': { arguments: [{ name: 'command', type: 'string', flags: ['optional', 'multiple'] }] },
  'latency|history': { arguments: [{ name: 'event', type: 'string' }] },
  'latency|reset': { arguments: [{ name: 'event', type: 'string', flags: ['optional', 'multiple'] }] },
  lolwut: { arguments: [{ name: 'version', type: 'integer', token: 'VERSION', flags: ['optional'] }] },
  'memory|usage': {
    arguments: [key, { name: 'count', type: 'integer', token: 'SAMPLES', flags: ['optional'] }],
  },
  'module|load': {
    arguments: [
      { name: 'path', type: 'string' },
      { name: 'arg', type: 'string', flags: ['optional', 'multiple'] },
    ],
  },
  'module|loadex': {
    arguments: [
      { name: 'path', type: 'string' },
      {
        name: 'configs',
        type: 'block',
        token: 'CONFIG',
        flags: ['optional', 'multiple', 'multiple_token'],
        arguments: [
          { name: 'name', type: 'string' },
          { name: 'value', type: 'string' },
        ],
      },
      {
        name: 'args',
        type: 'block',
        token: 'ARGS',
        flags: ['optional', 'multiple'],
        arguments: [{ name: 'arg', type: 'string' }],
      },
    ],
  },
  'module|unload': { arguments: [{ name: 'name', type: 'string' }] },
  psync: {
    arguments: [
      { name: 'replicationid', type: 'string' },
      { name: 'offset', type: 'integer' },
    ],
  },
  replicaof: masterDocs,
  'restore-asking': { system: true, ...restoreDocs },
  shutdown: {
    history: [['7.0.0', 'Takes `NOW`, `FORCE` and `ABORT`.']],
    arguments: [
      {
        name: 'nosave_save',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'nosave', type: 'pure-token', token: 'NOSAVE' },
          { name: 'save', type: 'pure-token', token: 'SAVE' },
        ],
      },
      { name: 'now', type: 'pure-token', token: 'NOW', since: '7.0.0', flags: ['optional'] },
      { name: 'force', type: 'pure-token', token: 'FORCE', since: '7.0.0', flags: ['optional'] },
      { name: 'abort', type: 'pure-token', token: 'ABORT', since: '7.0.0', flags: ['optional'] },
    ],
  },
  slaveof: masterDocs,
  'slowlog|get': {
    history: [['4.0.0', "Returns each client's address and name too."]],
    arguments: [{ name: 'count', type: 'integer', flags: ['optional'] }],
  },
  swapdb: {
    arguments: [
      { name: 'index1', type: 'integer' },
      { name: 'index2', type: 'integer' },
    ],
  },
  replconf: { system: true },
  debug: { system: true },
};
