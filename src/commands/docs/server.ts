/** Arguments and history of the server commands, as COMMAND DOCS shows them. */
import {
  after,
  block,
  integer,
  key,
  multiple,
  multipleTokens,
  oneOf,
  optional,
  pattern,
  since,
  string,
  word,
} from './arguments.ts';
import type { Argument, CommandDocs, DocsTable } from './docs.ts';
import { restoreDocs } from './generic.ts';

const flushMode: Argument = optional(oneOf('async', since('4.0.0', word('ASYNC')), since('6.2.0', word('SYNC'))));

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
    oneOf('args', block('host-port', string('host'), integer('port')), block('no-one', word('NO'), word('ONE'))),
  ],
};

export const serverDocs: DocsTable = {
  'acl|cat': { arguments: [optional(string('categoryname'))] },
  'acl|deluser': { arguments: [multiple(string('username'))] },
  'acl|dryrun': {
    arguments: [string('username'), string('command'), optional(multiple(string('arg')))],
  },
  'acl|genpass': { arguments: [optional(integer('bits'))] },
  'acl|getuser': {
    history: [
      ['6.2.0', 'Shows patterns of channels.'],
      ['7.0.0', 'Shows selectors; patterns of keys and channels have the form of rules.'],
    ],
    arguments: [string('username')],
  },
  'acl|log': {
    arguments: [optional(oneOf('operation', integer('count'), word('RESET')))],
  },
  'acl|setuser': {
    history: [
      ['6.2.0', 'Takes patterns of channels.'],
      ['7.0.0', 'Takes selectors, and what may be done to keys.'],
    ],
    arguments: [string('username'), optional(multiple(string('rule')))],
  },
  bgsave: {
    history: [['3.2.2', 'Takes `SCHEDULE`.']],
    arguments: [optional(since('3.2.2', word('SCHEDULE')))],
  },
  'command|docs': { arguments: [optional(multiple(string('command-name')))] },
  'command|info': {
    history: [['7.0.0', 'May be called without a name; then it describes all commands.']],
    arguments: [optional(multiple(string('command-name')))],
  },
  'command|list': {
    arguments: [
      optional(
        after(
          'FILTERBY',
          oneOf(
            'filterby',
            string('module-name', 'MODULE'),
            string('category', 'ACLCAT'),
            pattern('pattern', 'PATTERN'),
          ),
        ),
      ),
    ],
  },
  'config|get': {
    history: [['7.0.0', 'Takes several patterns.']],
    arguments: [multiple(block('parameter', string('parameter')))],
  },
  'config|set': {
    history: [['7.0.0', 'Takes several pairs.']],
    arguments: [multiple(block('parameter_value', string('parameter'), string('value')))],
  },
  failover: {
    arguments: [
      optional(after('TO', block('target', string('host'), integer('port'), optional(word('FORCE'))))),
      optional(word('ABORT')),
      optional(integer('milliseconds', 'TIMEOUT')),
    ],
  },
  flushall: flushDocs,
  flushdb: flushDocs,
  info: {
    history: [['7.0.0', 'Takes several sections.']],
    arguments: [optional(multiple(string('section')))],
  },
  'latency|graph': { arguments: [string('event')] },
  'latency|histogram': { arguments: [optional(multiple(string('command')))] },
  'latency|history': { arguments: [string('event')] },
  'latency|reset': { arguments: [optional(multiple(string('event')))] },
  lolwut: { arguments: [optional(integer('version', 'VERSION'))] },
  'memory|usage': {
    arguments: [key, optional(integer('count', 'SAMPLES'))],
  },
  'module|load': {
    arguments: [string('path'), optional(multiple(string('arg')))],
  },
  'module|loadex': {
    arguments: [
      string('path'),
      optional(multipleTokens(after('CONFIG', block('configs', string('name'), string('value'))))),
      optional(multiple(after('ARGS', block('args', string('arg'))))),
    ],
  },
  'module|unload': { arguments: [string('name')] },
  psync: {
    arguments: [string('replicationid'), integer('offset')],
  },
  replicaof: masterDocs,
  'restore-asking': { system: true, ...restoreDocs },
  shutdown: {
    history: [['7.0.0', 'Takes `NOW`, `FORCE` and `ABORT`.']],
    arguments: [
      optional(oneOf('nosave_save', word('NOSAVE'), word('SAVE'))),
      optional(since('7.0.0', word('NOW'))),
      optional(since('7.0.0', word('FORCE'))),
      optional(since('7.0.0', word('ABORT'))),
    ],
  },
  slaveof: masterDocs,
  'slowlog|get': {
    history: [['4.0.0', "Returns each client's address and name too."]],
    arguments: [optional(integer('count'))],
  },
  swapdb: {
    arguments: [integer('index1'), integer('index2')],
  },
  replconf: { system: true },
  debug: { system: true },
};
