/**
 * CLIENT: what a connection may learn and set about itself, and the operator about all of them. Nothing here touches
 * data. CLIENT KILL stands in client-kill.ts, the line of CLIENT LIST in client-list.ts.
 */
import { errors, replyError, subcommandSyntax } from '../base/errors.ts';
import type { Call } from './call.ts';
import { kill } from './client-kill.ts';
import { describeSession } from './client-list.ts';
import { isPlainWord, setClientName } from './client-name.ts';
import { caching, getRedirection, tracking, trackingInfo } from './client-tracking.ts';
import { isOfClass, sessionClass } from './client-type.ts';
import { helpRow } from './help.ts';
import type { CommandFlag, CommandRow } from './row.ts';
import type { Session } from './session.ts';
import { millisecondTimeout } from './timeout.ts';

function id(call: Call): void {
  call.reply.integer(call.session.id);
}

function info(call: Call): void {
  call.reply.verbatim(`${describeSession(call.session, call.now)}\n`);
}

/** CLIENT LIST [TYPE type | ID id ...] */
function list(call: Call): void {
  const { services } = call;
  let chosen: Iterable<Session> = services.sessions.all();
  if (call.count === 4 && call.is(2, 'type')) {
    const type = sessionClass(call.text(3));
    chosen = [...chosen].filter((session) => isOfClass(session, type));
  } else if (call.count > 3 && call.is(2, 'id')) {
    const sessions: Session[] = [];
    for (let i = 3; i < call.count; i++) {
      const session = services.sessions.find(call.integer(i, errors.invalidClientId));
      if (session !== undefined) sessions.push(session);
    }
    chosen = sessions;
  } else if (call.count !== 2) throw errors.syntax;
  let text = '';
  for (const session of chosen) text += `${describeSession(session, call.now)}\n`;
  call.reply.verbatim(text);
}

function setName(call: Call): void {
  setClientName(call.session, call.text(2));
  call.reply.ok();
}

function getName(call: Call): void {
  const { name } = call.session;
  if (name === '') call.reply.null();
  else call.reply.bulkText(name);
}

/** CLIENT SETINFO LIB-NAME | LIB-VER value: client libraries tell who they are. */
function setInfo(call: Call): void {
  const { session } = call;
  const attribute = call.text(2).toLowerCase();
  if (attribute !== 'lib-name' && attribute !== 'lib-ver')
    throw replyError(`ERR Unrecognized option '${call.text(2)}'`);
  const value = call.text(3);
  if (!isPlainWord(value)) throw replyError(`ERR ${attribute} cannot contain spaces, newlines or special characters.`);
  if (attribute === 'lib-name') session.libName = value;
  else session.libVersion = value;
  call.reply.ok();
}

function replyMode(call: Call): void {
  const { session } = call;
  if (call.is(2, 'on')) {
    session.replyMode = 'on';
    // In a transaction messages may wait that its earlier commands set aside.
    for (const message of session.messages.splice(0)) call.reply.raw(message);
    call.reply.ok();
  } else if (call.is(2, 'off')) session.replyMode = 'off';
  else if (!call.is(2, 'skip')) throw errors.syntax;
  else if (session.replyMode !== 'off') session.replyMode = 'skip-next';
}

function noEvict(call: Call): void {
  call.session.noEvict = onOrOff(call, 2);
  call.reply.ok();
}

function noTouch(call: Call): void {
  call.session.noTouch = onOrOff(call, 2);
  call.store.space.noTouch = call.session.noTouch;
  call.reply.ok();
}

function onOrOff(call: Call, index: number): boolean {
  if (call.is(index, 'on')) return true;
  if (call.is(index, 'off')) return false;
  throw errors.syntax;
}

/** CLIENT PAUSE milliseconds [WRITE | ALL] */
function pause(call: Call): void {
  if (call.count > 4) throw subcommandSyntax('client', call.text(1));
  let kind: 'write' | 'all' = 'all';
  if (call.count === 4) {
    if (call.is(3, 'write')) kind = 'write';
    else if (!call.is(3, 'all')) throw errors.pauseMode;
  }
  call.services.pauseClients(kind, call.now + millisecondTimeout(call, 2));
  call.reply.ok();
}

function unpause(call: Call): void {
  call.services.unpauseClients();
  call.reply.ok();
}

/** CLIENT UNBLOCK id [TIMEOUT | ERROR] */
function unblock(call: Call): void {
  if (call.count > 4) throw subcommandSyntax('client', call.text(1));
  const withError = call.count === 4 && call.is(3, 'error');
  if (call.count === 4 && !withError && !call.is(3, 'timeout')) throw errors.unblockReason;
  const blocking = call.services.sessions.find(Number(call.int64(2)))?.blocking;
  if (withError) blocking?.fail(errors.unblockedByClient);
  else blocking?.timeOut();
  call.reply.integer(blocking === undefined ? 0 : 1);
}

const facts = { categories: ['connection'], group: 'connection' } as const;
const plain: readonly CommandFlag[] = ['noscript', 'loading', 'stale'];
const operator: readonly CommandFlag[] = ['admin', ...plain];

export const clientCommands: readonly CommandRow[] = [
  {
    name: 'client',
    arity: -2,
    flags: [],
    categories: [],
    group: 'connection',
    since: '2.4.0',
    complexity: 'That of the subcommand',
    summary: 'About client connections.',
    subcommands: [
      {
        name: 'client|caching',
        arity: 3,
        flags: plain,
        ...facts,
        since: '6.0.0',
        complexity: 'O(1)',
        summary: 'Says whether the keys of the next command are tracked.',
        handler: caching,
      },
      {
        name: 'client|getname',
        arity: 2,
        flags: plain,
        ...facts,
        since: '2.6.9',
        complexity: 'O(1)',
        summary: 'Returns the name of this connection.',
        handler: getName,
      },
      {
        name: 'client|getredir',
        arity: 2,
        flags: plain,
        ...facts,
        since: '6.0.0',
        complexity: 'O(1)',
        summary: 'Returns the id of the client that gets the tracking messages of this one, or -1.',
        handler: getRedirection,
      },
      helpRow('client', { ...facts, since: '5.0.0' }),
      {
        name: 'client|id',
        arity: 2,
        flags: plain,
        ...facts,
        since: '5.0.0',
        complexity: 'O(1)',
        summary: 'Returns the id of this connection.',
        handler: id,
      },
      {
        name: 'client|info',
        arity: 2,
        flags: plain,
        ...facts,
        tips: ['nondeterministic_output'],
        since: '6.2.0',
        complexity: 'O(1)',
        summary: 'Describes this connection.',
        handler: info,
      },
      {
        name: 'client|kill',
        arity: -3,
        flags: operator,
        ...facts,
        since: '2.4.0',
        complexity: 'O(N) with N connections',
        summary: 'Closes connections, by address or by filters.',
        handler: kill,
      },
      {
        name: 'client|list',
        arity: -2,
        flags: operator,
        ...facts,
        tips: ['nondeterministic_output'],
        since: '2.4.0',
        complexity: 'O(N) with N connections',
        summary: 'Describes all connections, those of a type, or those with the given ids.',
        handler: list,
      },
      {
        name: 'client|no-evict',
        arity: 3,
        flags: operator,
        ...facts,
        since: '7.0.0',
        complexity: 'O(1)',
        summary: 'Exempts this connection from being closed to save memory.',
        handler: noEvict,
      },
      {
        name: 'client|no-touch',
        arity: 3,
        flags: plain,
        ...facts,
        since: '7.2.0',
        complexity: 'O(1)',
        summary: 'Lets the commands of this connection leave access times alone.',
        handler: noTouch,
      },
      {
        name: 'client|pause',
        arity: -3,
        flags: operator,
        ...facts,
        since: '2.9.50',
        complexity: 'O(1)',
        summary: 'Makes commands, or only writes, wait for a time.',
        handler: pause,
      },
      {
        name: 'client|reply',
        arity: 3,
        flags: plain,
        ...facts,
        since: '3.2.0',
        complexity: 'O(1)',
        summary: 'Turns replies to this connection on or off, or skips the next.',
        handler: replyMode,
      },
      {
        name: 'client|setinfo',
        arity: 4,
        flags: plain,
        ...facts,
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        since: '7.2.0',
        complexity: 'O(1)',
        summary: 'Says which client library uses this connection.',
        handler: setInfo,
      },
      {
        name: 'client|setname',
        arity: 3,
        flags: plain,
        ...facts,
        since: '2.6.9',
        complexity: 'O(1)',
        summary: 'Names this connection.',
        handler: setName,
      },
      {
        name: 'client|tracking',
        arity: -3,
        flags: plain,
        ...facts,
        since: '6.0.0',
        complexity: 'O(1)',
        summary: 'Turns client-side caching on or off: messages tell which keys have changed.',
        handler: tracking,
      },
      {
        name: 'client|trackinginfo',
        arity: 2,
        flags: plain,
        ...facts,
        since: '6.2.0',
        complexity: 'O(1)',
        summary: 'Tells how client-side caching is set for this connection.',
        handler: trackingInfo,
      },
      {
        name: 'client|unblock',
        arity: -3,
        flags: operator,
        ...facts,
        since: '5.0.0',
        complexity: 'O(log N) with N connections',
        summary: 'Ends the waiting of a client that a command blocks.',
        handler: unblock,
      },
      {
        name: 'client|unpause',
        arity: 2,
        flags: operator,
        ...facts,
        since: '6.2.0',
        complexity: 'O(N) with N waiting connections',
        summary: 'Ends a CLIENT PAUSE.',
        handler: unpause,
      },
    ],
  },
];
