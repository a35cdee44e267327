/** Arguments and history of the stream commands, as COMMAND DOCS shows them. */
import {
  after,
  block,
  integer,
  key,
  keys,
  multiple,
  oneOf,
  optional,
  since,
  string,
  unixTime,
  word,
} from './arguments.ts';
import type { Argument, DocsTable } from './docs.ts';

const trim: Argument = block(
  'trim',
  oneOf('strategy', word('MAXLEN'), since('6.2.0', word('MINID'))),
  optional(oneOf('operator', word('=', 'equal'), word('~', 'approximately'))),
  string('threshold'),
  optional(since('6.2.0', integer('count', 'LIMIT'))),
);

export const streamDocs: DocsTable = {
  xack: {
    arguments: [key, string('group'), multiple(string('id'))],
  },
  xadd: {
    history: [
      ['6.2.0', 'Takes `NOMKSTREAM`, trimming by `MINID`, and `LIMIT`.'],
      ['7.0.0', 'Takes IDs of the form `<ms>-*`.'],
    ],
    arguments: [
      key,
      optional(since('6.2.0', word('NOMKSTREAM'))),
      optional(trim),
      oneOf('id_or_auto', word('*', 'auto_id'), string('id')),
      multiple(block('field_value', string('field'), string('value'))),
    ],
  },
  xautoclaim: {
    history: [['7.0.0', 'Returns a third element: entries found deleted, which it took off the list of pending ones.']],
    arguments: [
      key,
      string('group'),
      string('consumer'),
      string('min-idle-time'),
      string('start'),
      optional(integer('count', 'COUNT')),
      optional(word('JUSTID')),
    ],
  },
  xclaim: {
    arguments: [
      key,
      string('group'),
      string('consumer'),
      string('min-idle-time'),
      multiple(string('id')),
      optional(integer('ms', 'IDLE')),
      optional(unixTime('unix-time-milliseconds', 'TIME')),
      optional(integer('count', 'RETRYCOUNT')),
      optional(word('FORCE')),
      optional(word('JUSTID')),
      optional(string('id', 'LASTID')),
    ],
  },
  xdel: {
    arguments: [key, multiple(string('id'))],
  },
  'xgroup|create': {
    history: [['7.0.0', 'Takes `ENTRIESREAD`.']],
    arguments: [
      key,
      string('groupname'),
      oneOf('id', string('id'), word('$', 'new_id')),
      optional(word('MKSTREAM')),
      optional(integer('entries_read', 'ENTRIESREAD')),
    ],
  },
  'xgroup|createconsumer': {
    arguments: [key, string('groupname'), string('consumername')],
  },
  'xgroup|delconsumer': {
    arguments: [key, string('groupname'), string('consumername')],
  },
  'xgroup|destroy': {
    arguments: [key, string('groupname')],
  },
  'xgroup|setid': {
    history: [['7.0.0', 'Takes `ENTRIESREAD`.']],
    arguments: [
      key,
      string('groupname'),
      oneOf('id', string('id'), word('$', 'new_id')),
      optional(integer('entries_read', 'ENTRIESREAD')),
    ],
  },
  'xinfo|consumers': {
    arguments: [key, string('groupname')],
  },
  'xinfo|groups': {
    history: [['7.0.0', 'Returns `entries-read` and `lag` too.']],
    arguments: [key],
  },
  'xinfo|stream': {
    history: [
      ['6.0.0', 'Takes `FULL`.'],
      [
        '7.0.0',
        'Returns `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag` too.',
      ],
    ],
    arguments: [key, optional(after('FULL', block('full', optional(integer('count', 'COUNT')))))],
  },
  xlen: { arguments: [key] },
  xpending: {
    history: [['6.2.0', 'Takes `IDLE`; ends of the range may be exclusive.']],
    arguments: [
      key,
      string('group'),
      optional(
        block(
          'filters',
          optional(since('6.2.0', integer('min-idle-time', 'IDLE'))),
          string('start'),
          string('end'),
          integer('count'),
          optional(string('consumer')),
        ),
      ),
    ],
  },
  xrange: {
    history: [['6.2.0', 'Ends of the range may be exclusive.']],
    arguments: [key, string('start'), string('end'), optional(integer('count', 'COUNT'))],
  },
  xread: {
    arguments: [
      optional(integer('count', 'COUNT')),
      optional(integer('milliseconds', 'BLOCK')),
      after('STREAMS', block('streams', keys, multiple(string('id')))),
    ],
  },
  xreadgroup: {
    arguments: [
      after('GROUP', block('group_consumer', string('group'), string('consumer'))),
      optional(integer('count', 'COUNT')),
      optional(integer('milliseconds', 'BLOCK')),
      optional(word('NOACK')),
      after('STREAMS', block('streams', keys, multiple(string('id')))),
    ],
  },
  xrevrange: {
    history: [['6.2.0', 'Ends of the range may be exclusive.']],
    arguments: [key, string('end'), string('start'), optional(integer('count', 'COUNT'))],
  },
  xsetid: {
    history: [['7.0.0', 'Takes `ENTRIESADDED` and `MAXDELETEDID`.']],
    arguments: [
      key,
      string('last-id'),
      optional(since('7.0.0', integer('entries_added', 'ENTRIESADDED'))),
      optional(since('7.0.0', string('max_deleted_entry_id', 'MAXDELETEDID'))),
    ],
  },
  xtrim: {
    history: [['6.2.0', 'Takes `MINID` and `LIMIT`.']],
    arguments: [key, trim],
  },
};
