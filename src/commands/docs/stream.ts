/** Arguments and history of the stream commands, as COMMAND DOCS shows them. */
import { type DocsTable, key, keys } from './docs.ts';

export const streamDocs: DocsTable = {
  xack: {
    arguments: [key, { name: 'group', type: 'string' }, { name: 'id', type: 'string', flags: ['multiple'] }],
  },
  xadd: {
    history: [
      ['6.2.0', 'Takes `NOMKSTREAM`, trimming by `MINID`, and `LIMIT`.'],
      ['7.0.0', 'Takes IDs of the form `<ms>-*`.'],
    ],
    arguments: [
      key,
      { name: 'nomkstream', type: 'pure-token', token: 'NOMKSTREAM', since: '6.2.0', flags: ['optional'] },
      {
        name: 'trim',
        type: 'block',
        flags: ['optional'],
        arguments: [
          {
            name: 'strategy',
            type: 'oneof',
            arguments: [
              { name: 'maxlen', type: 'pure-token', token: 'MAXLEN' },
              { name: 'minid', type: 'pure-token', token: 'MINID', since: '6.2.0' },
            ],
          },
          {
            name: 'operator',
            type: 'oneof',
            flags: ['optional'],
            arguments: [
              { name: 'equal', type: 'pure-token', token: '=' },
              { name: 'approximately', type: 'pure-token', token: '~' },
            ],
          },
          { name: 'threshold', type: 'string' },
          { name: 'count', type: 'integer', token: 'LIMIT', since: '6.2.0', flags: ['optional'] },
        ],
      },
      {
        name: 'id_or_auto',
        type: 'oneof',
        arguments: [
          { name: 'auto_id', type: 'pure-token', token: '*' },
          { name: 'id', type: 'string' },
        ],
      },
      {
        name: 'field_value',
        type: 'block',
        flags: ['multiple'],
        arguments: [
          { name: 'field', type: 'string' },
          { name: 'value', type: 'string' },
        ],
      },
    ],
  },
  xautoclaim: {
    history: [['7.0.0', 'Returns a third element: entries found deleted, which it took off the list of pending ones.']],
    arguments: [
      key,
      { name: 'group', type: 'string' },
      { name: 'consumer', type: 'string' },
      { name: 'min-idle-time', type: 'string' },
      { name: 'start', type: 'string' },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
      { name: 'justid', type: 'pure-token', token: 'JUSTID', flags: ['optional'] },
    ],
  },
  xclaim: {
    arguments: [
      key,
      { name: 'group', type: 'string' },
      { name: 'consumer', type: 'string' },
      { name: 'min-idle-time', type: 'string' },
      { name: 'id', type: 'string', flags: ['multiple'] },
      { name: 'ms', type: 'integer', token: 'IDLE', flags: ['optional'] },
      { name: 'unix-time-milliseconds', type: 'unix-time', token: 'TIME', flags: ['optional'] },
      { name: 'count', type: 'integer', token: 'RETRYCOUNT', flags: ['optional'] },
      { name: 'force', type: 'pure-token', token: 'FORCE', flags: ['optional'] },
      { name: 'justid', type: 'pure-token', token: 'JUSTID', flags: ['optional'] },
      { name: 'id', type: 'string', token: 'LASTID', flags: ['optional'] },
    ],
  },
  xdel: {
    arguments: [key, { name: 'id', type: 'string', flags: ['multiple'] }],
  },
  'xgroup|create': {
    history: [['7.0.0', 'Takes `ENTRIESREAD`.']],
    arguments: [
      key,
      { name: 'groupname', type: 'string' },
      {
        name: 'id',
        type: 'oneof',
        arguments: [
          { name: 'id', type: 'string' },
          { name: 'new_id', type: 'pure-token', token: '$' },
        ],
      },
      { name: 'mkstream', type: 'pure-token', token: 'MKSTREAM', flags: ['optional'] },
      { name: 'entries_read', type: 'integer', token: 'ENTRIESREAD', flags: ['optional'] },
    ],
  },
  'xgroup|createconsumer': {
    arguments: [key, { name: 'groupname', type: 'string' }, { name: 'consumername', type: 'string' }],
  },
  'xgroup|delconsumer': {
    arguments: [key, { name: 'groupname', type: 'string' }, { name: 'consumername', type: 'string' }],
  },
  'xgroup|destroy': {
    arguments: [key, { name: 'groupname', type: 'string' }],
  },
  'xgroup|setid': {
    history: [['7.0.0', 'Takes `ENTRIESREAD`.']],
    arguments: [
      key,
      { name: 'groupname', type: 'string' },
      {
        name: 'id',
        type: 'oneof',
        arguments: [
          { name: 'id', type: 'string' },
          { name: 'new_id', type: 'pure-token', token: '$' },
        ],
      },
      { name: 'entries_read', type: 'integer', token: 'ENTRIESREAD', flags: ['optional'] },
    ],
  },
  'xinfo|consumers': {
    arguments: [key, { name: 'groupname', type: 'string' }],
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
    arguments: [
      key,
      {
        name: 'full',
        type: 'block',
        token: 'FULL',
        flags: ['optional'],
        arguments: [{ name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] }],
      },
    ],
  },
  xlen: { arguments: [key] },
  xpending: {
    history: [['6.2.0', 'Takes `IDLE`; ends of the range may be exclusive.']],
    arguments: [
      key,
      { name: 'group', type: 'string' },
      {
        name: 'filters',
        type: 'block',
        flags: ['optional'],
        arguments: [
          { name: 'min-idle-time', type: 'integer', token: 'IDLE', since: '6.2.0', flags: ['optional'] },
          { name: 'start', type: 'string' },
          { name: 'end', type: 'string' },
          { name: 'count', type: 'integer' },
          { name: 'consumer', type: 'string', flags: ['optional'] },
        ],
      },
    ],
  },
  xrange: {
    history: [['6.2.0', 'Ends of the range may be exclusive.']],
    arguments: [
      key,
      { name: 'start', type: 'string' },
      { name: 'end', type: 'string' },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
    ],
  },
  xread: {
    arguments: [
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
      { name: 'milliseconds', type: 'integer', token: 'BLOCK', flags: ['optional'] },
      {
        name: 'streams',
        type: 'block',
        token: 'STREAMS',
        arguments: [keys, { name: 'id', type: 'string', flags: ['multiple'] }],
      },
    ],
  },
  xreadgroup: {
    arguments: [
      {
        name: 'group_consumer',
        type: 'block',
        token: 'GROUP',
        arguments: [
          { name: 'group', type: 'string' },
          { name: 'consumer', type: 'string' },
        ],
      },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
      { name: 'milliseconds', type: 'integer', token: 'BLOCK', flags: ['optional'] },
      { name: 'noack', type: 'pure-token', token: 'NOACK', flags: ['optional'] },
      {
        name: 'streams',
        type: 'block',
        token: 'STREAMS',
        arguments: [keys, { name: 'id', type: 'string', flags: ['multiple'] }],
      },
    ],
  },
  xrevrange: {
    history: [['6.2.0', 'Ends of the range may be exclusive.']],
    arguments: [
      key,
      { name: 'end', type: 'string' },
      { name: 'start', type: 'string' },
      { name: 'count', type: 'integer', token: 'COUNT', flags: ['optional'] },
    ],
  },
  xsetid: {
    history: [['7.0.0', 'Takes `ENTRIESADDED` and `MAXDELETEDID`.']],
    arguments: [
      key,
      { name: 'last-id', type: 'string' },
      { name: 'entries_added', type: 'integer', token: 'ENTRIESADDED', since: '7.0.0', flags: ['optional'] },
      { name: 'max_deleted_entry_id', type: 'string', token: 'MAXDELETEDID', since: '7.0.0', flags: ['optional'] },
    ],
  },
  xtrim: {
    history: [['6.2.0', 'Takes `MINID` and `LIMIT`.']],
    arguments: [
      key,
      {
        name: 'trim',
        type: 'block',
        arguments: [
          {
            name: 'strategy',
            type: 'oneof',
            arguments: [
              { name: 'maxlen', type: 'pure-token', token: 'MAXLEN' },
              { name: 'minid', type: 'pure-token', token: 'MINID', since: '6.2.0' },
            ],
          },
          {
            name: 'operator',
            type: 'oneof',
            flags: ['optional'],
            arguments: [
              { name: 'equal', type: 'pure-token', token: '=' },
              { name: 'approximately', type: 'pure-token', token: '~' },
            ],
          },
          { name: 'threshold', type: 'string' },
          { name: 'count', type: 'integer', token: 'LIMIT', since: '6.2.0', flags: ['optional'] },
        ],
      },
    ],
  },
};
