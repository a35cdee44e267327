/** Arguments and history of the connection commands, as COMMAND DOCS shows them. */
import type { Argument, DocsTable } from './docs.ts';

const onOff: readonly Argument[] = [
  { name: 'on', type: 'pure-token', token: 'ON' },
  { name: 'off', type: 'pure-token', token: 'OFF' },
];

const enabled: Argument = { name: 'enabled', type: 'oneof', arguments: onOff };

export const connectionDocs: DocsTable = {
  auth: {
    history: [['6.0.0', 'Takes a user name.']],
    arguments: [
      { name: 'username', type: 'string', since: '6.0.0', flags: ['optional'] },
      { name: 'password', type: 'string' },
    ],
  },
  'client|caching': {
    arguments: [
      {
        name: 'mode',
        type: 'oneof',
        arguments: [
          { name: 'yes', type: 'pure-token', token: 'YES' },
          { name: 'no', type: 'pure-token', token: 'NO' },
        ],
      },
    ],
  },
  'client|kill': {
    history: [
      ['2.8.12', 'Takes filters by name and value.'],
      ['2.8.12', 'Takes `ID`.'],
      ['3.2.0', 'Takes `TYPE master`.'],
      ['5.0.0', 'Takes `TYPE replica`; `slave` means the same.'],
      ['6.2.0', 'Takes `LADDR`.'],
    ],
    arguments: [
      {
        name: 'filter',
        type: 'oneof',
        arguments: [
          { name: 'ip:port', type: 'string', deprecatedSince: '2.8.12' },
          {
            name: 'new-format',
            type: 'oneof',
            flags: ['multiple'],
            arguments: [
              { name: 'client-id', type: 'integer', token: 'ID', since: '2.8.12', flags: ['optional'] },
              {
                name: 'normal_master_slave_pubsub',
                type: 'oneof',
                token: 'TYPE',
                since: '2.8.12',
                flags: ['optional'],
                arguments: [
                  { name: 'normal', type: 'pure-token', token: 'NORMAL' },
                  { name: 'master', type: 'pure-token', token: 'MASTER', since: '3.2.0' },
                  { name: 'slave', type: 'pure-token', token: 'SLAVE' },
                  { name: 'replica', type: 'pure-token', token: 'REPLICA', since: '5.0.0' },
                  { name: 'pubsub', type: 'pure-token', token: 'PUBSUB' },
                ],
              },
              { name: 'username', type: 'string', token: 'USER', flags: ['optional'] },
              { name: 'ip:port', type: 'string', token: 'ADDR', flags: ['optional'] },
              { name: 'ip:port', type: 'string', token: 'LADDR', since: '6.2.0', flags: ['optional'] },
              { name: 'yes/no', type: 'string', token: 'SKIPME', flags: ['optional'] },
            ],
          },
        ],
      },
    ],
  },
  'client|list': {
    history: [
      ['2.8.12', "Shows a client's `id`."],
      ['5.0.0', 'Takes `TYPE`.'],
      ['6.0.0', 'Shows `user`.'],
      ['6.2.0', 'Takes `ID`; shows `argv-mem`, `tot-mem`, `laddr` and `redir`.'],
      ['7.0.0', 'Shows `resp`, `multi-mem`, `rbs` and `rbp`.'],
      ['7.0.3', 'Shows `ssub`.'],
    ],
    arguments: [
      {
        name: 'normal_master_replica_pubsub',
        type: 'oneof',
        token: 'TYPE',
        since: '5.0.0',
        flags: ['optional'],
        arguments: [
          { name: 'normal', type: 'pure-token', token: 'NORMAL' },
          { name: 'master', type: 'pure-token', token: 'MASTER' },
          { name: 'replica', type: 'pure-token', token: 'REPLICA' },
          { name: 'pubsub', type: 'pure-token', token: 'PUBSUB' },
        ],
      },
      {
        name: 'id',
        type: 'block',
        token: 'ID',
        since: '6.2.0',
        flags: ['optional'],
        arguments: [{ name: 'client-id', type: 'integer', flags: ['multiple'] }],
      },
    ],
  },
  'client|no-evict': {
    arguments: [enabled],
  },
  'client|no-touch': {
    arguments: [enabled],
  },
  'client|pause': {
    history: [['6.2.0', 'Takes a mode; `WRITE` stops only writes.']],
    arguments: [
      { name: 'timeout', type: 'integer' },
      {
        name: 'mode',
        type: 'oneof',
        since: '6.2.0',
        flags: ['optional'],
        arguments: [
          { name: 'write', type: 'pure-token', token: 'WRITE' },
          { name: 'all', type: 'pure-token', token: 'ALL' },
        ],
      },
    ],
  },
  'client|reply': {
    arguments: [
      {
        name: 'on_off_skip',
        type: 'oneof',
        arguments: [...onOff, { name: 'skip', type: 'pure-token', token: 'SKIP' }],
      },
    ],
  },
  'client|setname': { arguments: [{ name: 'connection-name', type: 'string' }] },
  'client|setinfo': {
    arguments: [
      {
        name: 'attr',
        type: 'oneof',
        arguments: [
          { name: 'libname', type: 'string', token: 'LIB-NAME' },
          { name: 'libver', type: 'string', token: 'LIB-VER' },
        ],
      },
    ],
  },
  'client|tracking': {
    arguments: [
      { name: 'status', type: 'oneof', arguments: onOff },
      { name: 'client-id', type: 'integer', token: 'REDIRECT', flags: ['optional'] },
      { name: 'prefix', type: 'string', token: 'PREFIX', flags: ['optional', 'multiple', 'multiple_token'] },
      { name: 'bcast', type: 'pure-token', token: 'BCAST', flags: ['optional'] },
      { name: 'optin', type: 'pure-token', token: 'OPTIN', flags: ['optional'] },
      { name: 'optout', type: 'pure-token', token: 'OPTOUT', flags: ['optional'] },
      { name: 'noloop', type: 'pure-token', token: 'NOLOOP', flags: ['optional'] },
    ],
  },
  'client|unblock': {
    arguments: [
      { name: 'client-id', type: 'integer' },
      {
        name: 'timeout_error',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'timeout', type: 'pure-token', token: 'TIMEOUT' },
          { name: 'error', type: 'pure-token', token: 'ERROR' },
        ],
      },
    ],
  },
  echo: { arguments: [{ name: 'message', type: 'string' }] },
  hello: {
    history: [['6.2.0', 'May be called without a version; then it only describes the connection.']],
    arguments: [
      {
        name: 'arguments',
        type: 'block',
        flags: ['optional'],
        arguments: [
          { name: 'protover', type: 'integer' },
          {
            name: 'username_password',
            type: 'block',
            token: 'AUTH',
            flags: ['optional'],
            arguments: [
              { name: 'username', type: 'string' },
              { name: 'password', type: 'string' },
            ],
          },
          { name: 'clientname', type: 'string', token: 'SETNAME', flags: ['optional'] },
        ],
      },
    ],
  },
  ping: { arguments: [{ name: 'message', type: 'string', flags: ['optional'] }] },
  select: { arguments: [{ name: 'index', type: 'integer' }] },
};
