/**
 * The connection itself: PING, ECHO, SELECT, AUTH, HELLO, QUIT, RESET. They change the session only, never data, so
 * nothing here propagates. CLIENT has its own files.
 */
import { errors, replyError, wrongArity } from '../base/errors.ts';
import { redisVersion } from '../base/version.ts';
import { authenticate, DEFAULT_USER } from './authentication.ts';
import type { Call } from './call.ts';
import { setClientName } from './client-name.ts';
import type { CommandRow } from './row.ts';
import { secretFrom, secretsAfterAuth } from './secrets.ts';

function ping(call: Call): void {
  if (call.count > 2) throw wrongArity('ping');
  const { reply, session } = call;
  // In RESP2 a client that listens takes everything for a message, so that is what it gets.
  if (session.class === 'pubsub' && reply.resp === 2) {
    reply.array(2);
    reply.bulkText('pong');
    if (call.count === 2) call.echo(1);
    else reply.bulkText('');
  } else if (call.count === 2) call.echo(1);
  else reply.pong();
}

function echo(call: Call): void {
  call.echo(1);
}

function select(call: Call): void {
  const index = call.integer(1);
  if (index < -0x80000000 || index > 0x7fffffff) throw errors.notInt32;
  if (index < 0 || index >= call.store.space.databases.length) throw errors.dbOutOfRange;
  call.session.database = index;
  call.reply.ok();
}

function auth(call: Call): void {
  if (call.count > 3) throw errors.syntax;
  if (call.count === 3) authenticate(call, call.text(1), call.text(2));
  else {
    if (call.services.acl.defaultNeedsNoPassword) throw errors.noPasswordConfigured;
    authenticate(call, DEFAULT_USER, call.text(1));
  }
  call.reply.ok();
}

/** HELLO [version [AUTH user password] [SETNAME name]]: options act one by one, in their order, as Redis has it. */
function hello(call: Call): void {
  const { session, services, reply } = call;
  let version = 0;
  if (call.count > 1) {
    const wide = call.int64(1, errors.protocolNotInteger);
    if (wide !== 2 && wide !== 3) throw errors.noProto;
    version = wide;
  }
  for (let i = 2; i < call.count; i++) {
    const more = call.count - 1 - i;
    if (more >= 2 && call.is(i, 'auth')) {
      authenticate(call, call.text(i + 1), call.text(i + 2));
      i += 2;
    } else if (more >= 1 && call.is(i, 'setname')) {
      setClientName(session, call.text(i + 1));
      i++;
    } else throw replyError(`ERR Syntax error in HELLO option '${call.text(i)}'`);
  }
  if (!session.authenticated) throw errors.helloNeedsAuth;
  if (version === 2 || version === 3) session.resp = reply.resp = version;
  reply.map(7);
  reply.bulkText('server');
  reply.bulkText('redis');
  reply.bulkText('version');
  reply.bulkText(redisVersion);
  reply.bulkText('proto');
  reply.integer(session.resp);
  reply.bulkText('id');
  reply.integer(session.id);
  reply.bulkText('mode');
  reply.bulkText('standalone');
  reply.bulkText('role');
  reply.bulkText(services.replication.isMaster ? 'master' : 'replica');
  reply.bulkText('modules');
  reply.array(0);
}

function quit(call: Call): void {
  call.reply.ok();
  call.session.closeAfterReply = true;
}

/** Makes the connection as it was when it was new. Its id, addresses and library name stay. */
function reset(call: Call): void {
  const { session, services, reply } = call;
  if (session.class === 'master' || session.class === 'replica') throw errors.onlyNormalClients;
  session.transaction = undefined;
  services.keyEvents.unwatchAll(session);
  services.pubsub.leaveAll(session);
  services.tracking.disable(session);
  services.monitors.remove(session);
  session.database = 0;
  session.resp = reply.resp = 2;
  session.name = '';
  services.acl.welcome(session);
  session.replyMode = 'on';
  session.noEvict = session.noTouch = false;
  call.store.space.noTouch = false;
  reply.simple('RESET');
}

const withoutKeys = { categories: ['connection'], group: 'connection' } as const;
/** These work before authentication, and while the server is busy or loading. */
const always = ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'] as const;

export const connectionCommands: readonly CommandRow[] = [
  {
    name: 'ping',
    arity: -1,
    flags: ['fast'],
    ...withoutKeys,
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Answers, with the given message if there is one.',
    handler: ping,
  },
  {
    name: 'echo',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    ...withoutKeys,
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns its argument.',
    handler: echo,
  },
  {
    name: 'select',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    ...withoutKeys,
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Chooses the database of this connection.',
    handler: select,
  },
  {
    name: 'auth',
    arity: -2,
    flags: always,
    ...withoutKeys,
    since: '1.0.0',
    complexity: 'O(N) with N passwords of the user',
    summary: 'Authenticates this connection.',
    secrets: secretFrom(1),
    handler: auth,
  },
  {
    name: 'hello',
    arity: -1,
    flags: always,
    ...withoutKeys,
    since: '6.0.0',
    complexity: 'O(1)',
    summary: 'Chooses the protocol version, and tells about server and connection.',
    secrets: secretsAfterAuth,
    handler: hello,
  },
  {
    name: 'quit',
    arity: -1,
    flags: always,
    ...withoutKeys,
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Closes this connection.',
    handler: quit,
  },
  {
    name: 'reset',
    arity: 1,
    flags: always,
    ...withoutKeys,
    since: '6.2.0',
    complexity: 'O(1)',
    summary: 'Makes this connection as it was when it was new.',
    handler: reset,
  },
];
