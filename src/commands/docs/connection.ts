/** Arguments and history of the connection commands, as COMMAND DOCS shows them. */
import { after, block, integer, multiple, multipleTokens, oneOf, optional, since, string, word } from './arguments.ts';
import type { Argument, DocsTable } from './docs.ts';

const onOff: readonly Argument[] = [word('ON'), word('OFF')];

const enabled: Argument = oneOf('enabled', ...onOff);

export const connectionDocs: DocsTable = {
  auth: {
    history: [['6.0.0', 'Takes a user name.']],
    arguments: [optional(since('6.0.0', string('username'))), string('password')],
  },
  'client|caching': {
    arguments: [oneOf('mode', word('YES'), word('NO'))],
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
      oneOf(
        'filter',
        { ...string('ip:port'), deprecatedSince: '2.8.12' },
        multiple(
          oneOf(
            'new-format',
            optional(since('2.8.12', integer('client-id', 'ID'))),
            optional(
              since(
                '2.8.12',
                after(
                  'TYPE',
                  oneOf(
                    'normal_master_slave_pubsub',
                    word('NORMAL'),
                    since('3.2.0', word('MASTER')),
                    word('SLAVE'),
                    since('5.0.0', word('REPLICA')),
                    word('PUBSUB'),
                  ),
                ),
              ),
            ),
            optional(string('username', 'USER')),
            optional(string('ip:port', 'ADDR')),
            optional(since('6.2.0', string('ip:port', 'LADDR'))),
            optional(string('yes/no', 'SKIPME')),
          ),
        ),
      ),
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
      optional(
        since(
          '5.0.0',
          after(
            'TYPE',
            oneOf('normal_master_replica_pubsub', word('NORMAL'), word('MASTER'), word('REPLICA'), word('PUBSUB')),
          ),
        ),
      ),
      optional(since('6.2.0', after('ID', block('id', multiple(integer('client-id')))))),
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
    arguments: [integer('timeout'), optional(since('6.2.0', oneOf('mode', word('WRITE'), word('ALL'))))],
  },
  'client|reply': {
    arguments: [oneOf('on_off_skip', ...onOff, word('SKIP'))],
  },
  'client|setname': { arguments: [string('connection-name')] },
  'client|setinfo': {
    arguments: [oneOf('attr', string('libname', 'LIB-NAME'), string('libver', 'LIB-VER'))],
  },
  'client|tracking': {
    arguments: [
      oneOf('status', ...onOff),
      optional(integer('client-id', 'REDIRECT')),
      optional(multipleTokens(string('prefix', 'PREFIX'))),
      optional(word('BCAST')),
      optional(word('OPTIN')),
      optional(word('OPTOUT')),
      optional(word('NOLOOP')),
    ],
  },
  'client|unblock': {
    arguments: [integer('client-id'), optional(oneOf('timeout_error', word('TIMEOUT'), word('ERROR')))],
  },
  echo: { arguments: [string('message')] },
  hello: {
    history: [['6.2.0', 'May be called without a version; then it only describes the connection.']],
    arguments: [
      optional(
        block(
          'arguments',
          integer('protover'),
          optional(after('AUTH', block('username_password', string('username'), string('password')))),
          optional(string('clientname', 'SETNAME')),
        ),
      ),
    ],
  },
  ping: { arguments: [optional(string('message'))] },
  select: { arguments: [integer('index')] },
};
