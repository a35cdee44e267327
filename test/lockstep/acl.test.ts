/**
 * ACL in lockstep. The rules of commands are shown as Redis 7.2 keeps them, while 7.0 makes them up from the bits:
 * where both come to the same, GETUSER and LIST are compared byte by byte; what users may do is compared always.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lockstep, type Both, type LockstepOptions } from '../support/lockstep.ts';
import { decode, type Reply } from '../support/resp.ts';

/** Leaves the servers with the default user only, as it was. */
function aclTest(title: string, body: (both: Both) => Promise<void>, options: LockstepOptions = {}): void {
  lockstep(title, options, async (both) => {
    try {
      await body(both);
    } finally {
      const cleaner = await both.open();
      for (const client of [cleaner.redis, cleaner.headwater]) {
        const users = (await client.ok('ACL', 'USERS')) as readonly string[];
        const others = users.filter((name) => name !== 'default');
        if (others.length > 0) await client.ok('ACL', 'DELUSER', ...others);
        await client.ok('ACL', 'SETUSER', 'default', 'reset', 'on', 'nopass', '~*', '&*', '+@all');
        await client.ok('ACL', 'LOG', 'RESET');
      }
    }
  });
}

const hash = createHash('sha256').update('secret').digest('hex');

aclTest(
  'rules as GETUSER and LIST show them',
  async (both) => {
    await both('ACL', 'GETUSER', 'nobody');
    await both('ACL', 'GETUSER', 'default');
    await both('ACL', 'LIST');
    for (const rules of [
      [],
      ['on', '>secret', `#${hash}`, '>other', '+get', '~x:*', '&c:*'],
      ['<other', `!${hash}`],
      ['nopass'],
      ['resetpass', 'off'],
      ['skip-sanitize-payload'],
      ['sanitize-payload'],
      ['-@all', '+@read'],
      ['allcommands', '-@dangerous'],
      ['nocommands', '+select|0', '+select|1', '+SELECT|0'],
      ['+@all', '+get'],
      ['+@all', '-get'],
      ['-@all', '-get'],
      ['resetkeys', '~a', '%R~a', '%R~r', '%W~w', '%w~r', '%RW~both', '%wr~both2', '%R~'],
      ['~b', 'resetchannels', '&one', '&two', '&one'],
      ['allkeys', 'allchannels'],
      ['resetkeys', '~x'],
      ['(~s:* +get)', '( +@all %R~q*', '&ch )', '()'],
      ['clearselectors', '(+set ~k)'],
      ['reset'],
      ['ALLKEYS', 'ALLCHANNELS', 'ALLCOMMANDS', 'ON', 'NOPASS'],
      ['', 'ResetKeys', 'RESETCHANNELS', 'NoCommands', 'RESET'],
    ]) {
      await both('ACL', 'SETUSER', 'u', ...rules);
      await both('ACL', 'GETUSER', 'u');
      await both('ACL', 'LIST');
    }
    await both('ACL', 'SETUSER', 'Z');
    await both('ACL', 'SETUSER', 'a', 'on');
    await both('ACL', 'USERS');
    await both('ACL', 'LIST');
    await both('ACL', 'DELUSER', 'nobody', 'a', 'Z', 'Z');
    await both('ACL', 'USERS');
  },
  { resp: 'both' },
);

aclTest('many patterns and selectors, given again, widened, and in a call that is refused', async (both) => {
  const numbers = Array.from({ length: 60 }, (_, i) => i);
  await both('ACL', 'SETUSER', 'u', 'resetchannels', ...numbers.flatMap((i) => [`%R~k${i}`, `&c${i}`]));
  await both('ACL', 'SETUSER', 'u', ...numbers.map((i) => `%W~k${i * 3}`), ...numbers.map((i) => `&c${i * 2}`));
  await both('ACL', 'SETUSER', 'u', ...numbers.map((i) => `(+get ~k${i})`), ...numbers.map((i) => `>p${i % 40}`));
  await both('ACL', 'GETUSER', 'u');
  await both('ACL', 'SETUSER', 'u', ...numbers.flatMap((i) => [`~k${i}`, `&d${i}`, `<p${i}`]), '(+get ~x)', '+nosuch');
  await both('ACL', 'SETUSER', 'u', 'clearselectors', 'resetkeys', ...numbers.map((i) => `~n${i}`), '~a b');
  await both('ACL', 'GETUSER', 'u');
  await both('ACL', 'SETUSER', 'u', ...numbers.slice(0, 30).map((i) => `<p${i}`), '(allkeys allchannels +@all)');
  await both('ACL', 'SETUSER', 'u', 'clearselectors', 'resetkeys', ...numbers.map((i) => `~n${i % 25}`));
  await both('ACL', 'GETUSER', 'u');
  await both('ACL', 'DRYRUN', 'u', 'GET', 'n24');
  await both('ACL', 'DRYRUN', 'u', 'GET', 'k24');
});

aclTest('rules that are refused change nothing', async (both) => {
  await both('ACL', 'SETUSER', 'u', 'on', '>secret', '~k', '+get');
  for (const rules of [
    ['off', '~ok', 'what'],
    ['+nosuch'],
    ['-nosuch'],
    ['+@nosuch'],
    ['-@nosuch'],
    ['+config|nosuch'],
    ['-config|nosuch'],
    ['+nosuch|x'],
    ['+config|get|x'],
    ['+config|'],
    ['+get|'],
    ['-select|0'],
    ['+get|x|y'],
    ['allkeys', '~x'],
    ['~*', '%R~x'],
    ['allchannels', '&x'],
    ['~a b'],
    ['&a b'],
    ['%X~a'],
    ['%RR~a'],
    ['<nosuch'],
    ['!abc'],
    [`!${'0'.repeat(64)}`],
    ['#abc'],
    [`#${hash.toUpperCase()}`],
    ['(+nosuch)'],
    ['(off)'],
    ['(~a (+get) )'],
    ['(+get'],
    ['on', '(+get', '~x'],
    ['+get)'],
    ['(+get ~x)y'],
    ['%'],
    ['&'],
    ['+'],
    ['-'],
    ['+@'],
    ['resetkeyss'],
  ]) {
    await both('ACL', 'SETUSER', 'u', ...rules);
    await both('ACL', 'GETUSER', 'u');
    await both('ACL', 'SETUSER', 'v', ...rules);
    await both('ACL', 'USERS');
  }
  await both.error('ACL', 'SETUSER', 'a b');
  await both.error('ACL', 'SETUSER', 'a\0b');
  await both.error('ACL', 'DELUSER', 'u', 'default');
  await both('ACL', 'USERS');
});

aclTest('arguments of the subcommands', async (both) => {
  await both.all([
    ['ACL'],
    ['ACL', 'NOSUCH'],
    ['ACL', 'CAT'],
    ['ACL', 'CAT', 'nosuch'],
    ['ACL', 'CAT', 'read', 'write'],
    ['ACL', 'WHOAMI'],
    ['ACL', 'WHOAMI', 'x'],
    ['ACL', 'LIST', 'x'],
    ['ACL', 'USERS', 'x'],
    ['ACL', 'GETUSER'],
    ['ACL', 'SETUSER'],
    ['ACL', 'DELUSER'],
    ['ACL', 'GENPASS', '0'],
    ['ACL', 'GENPASS', '-1'],
    ['ACL', 'GENPASS', '4097'],
    ['ACL', 'GENPASS', 'x'],
    ['ACL', 'GENPASS', '1', '2'],
    ['ACL', 'LOG', 'x'],
    ['ACL', 'LOG', '1', '2'],
    ['ACL', 'LOG', '-1'],
    ['ACL', 'LOAD'],
    ['ACL', 'SAVE'],
    ['ACL', 'DRYRUN', 'nobody', 'get', 'x'],
    ['ACL', 'DRYRUN', 'default', 'nosuch'],
    ['ACL', 'DRYRUN', 'default', 'config', 'nosuch'],
    ['ACL', 'DRYRUN', 'default', 'get'],
    ['ACL', 'DRYRUN', 'default', 'config'],
    ['ACL', 'DRYRUN', 'default'],
  ]);
  for (const bits of ['1', '4', '5', '256', '4096']) {
    const replies = await Promise.all([both.redis, both.headwater].map((client) => client.ok('ACL', 'GENPASS', bits)));
    for (const reply of replies) assert.match(String(reply), /^[0-9a-f]+$/);
    assert.equal(String(replies[0]).length, String(replies[1]).length);
  }
  await both.shape('ACL', 'GENPASS');
  const help = await both.headwater.ok('ACL', 'HELP');
  assert.ok(Array.isArray(help) && help.includes('DRYRUN'));
});

aclTest('categories hold the same commands', async (both) => {
  const [ours, theirs] = await Promise.all(
    [both.headwater, both.redis].map(async (client) => new Set((await client.ok('COMMAND', 'LIST')) as string[])),
  );
  for (const category of (await both('ACL', 'CAT')) as readonly string[]) {
    const known = async (client: typeof both.redis, other: ReadonlySet<string>): Promise<readonly string[]> =>
      ((await client.ok('ACL', 'CAT', category)) as readonly string[]).filter((name) => other.has(name)).toSorted();
    assert.deepEqual(await known(both.headwater, theirs!), await known(both.redis, ours!), category);
  }
});

aclTest('what a user may not do, and the log of it', async (both) => {
  await both('ACL', 'SETUSER', 'u', 'on', '>secret', '+@all', '-flushall', '-config|set', '~a:*', '%R~r:*', '%W~w:*');
  await both('ACL', 'SETUSER', 'u', '&c:*');
  const user = await both.open();
  await user('AUTH', 'u', 'wrong');
  await user('AUTH', 'nobody', 'x');
  await user('AUTH', 'u', 'secret');
  await user('ACL', 'WHOAMI');
  await user.all([
    ['FLUSHALL'],
    ['flushall', 'async'],
    ['CONFIG', 'SET', 'hz', '10'],
    ['CONFIG', 'GET', 'hz'],
    ['GET', 'a:1'],
    ['GET', 'r:1'],
    ['GET', 'w:1'],
    ['GET', 'x'],
    ['SET', 'a:1', '1'],
    ['SET', 'r:1', '1'],
    ['SET', 'w:1', '1'],
    ['SET', 'w:1', '1', 'GET'],
    ['EXISTS', 'w:1'],
    ['EXISTS', 'x'],
    ['TYPE', 'w:1'],
    ['MSET', 'a:1', '1', 'x', '2'],
    ['MGET', 'a:1', 'x', 'y'],
    ['COPY', 'r:1', 'w:1'],
    ['COPY', 'w:1', 'r:1'],
    ['SINTERCARD', '2', 'a:1', 'x'],
    ['SINTERCARD', '9', 'a:1', 'x'],
    ['SORT', 'a:list'],
    ['SORT', 'a:list', 'BY', 'nosort'],
    ['SORT', 'a:list', 'BY', 'x:*'],
    ['SORT', 'a:list', 'GET', '#'],
    ['SORT', 'a:list', 'STORE', 'x'],
    ['SORT_RO', 'a:list', 'GET', 'y:*'],
    ['PUBLISH', 'c:1', 'm'],
    ['PUBLISH', 'd', 'm'],
    ['SPUBLISH', 'd', 'm'],
    ['SUBSCRIBE', 'c:1', 'd'],
    ['PSUBSCRIBE', 'c:?'],
    ['SSUBSCRIBE', 'd'],
    ['PSUBSCRIBE', 'd*'],
    ['UNSUBSCRIBE', 'd'],
    ['NOSUCH'],
    ['GET'],
    ['OBJECT', 'ENCODING', 'x'],
    ['OBJECT', 'ENCODING', 'a:1'],
    ['MEMORY', 'USAGE', 'x'],
  ]);
  const admin = await both.open();
  await admin('ACL', 'SETUSER', 'u', '~*', '%R~more');
  await admin('ACL', 'SETUSER', 'u', 'resetkeys', '~a*', '%R~*');
  await admin.all([
    ['RPUSH', 'a:list', '1', '2'],
    ['SET', 'x:1', '2'],
    ['SET', 'x:2', '1'],
  ]);
  await user.all([
    ['SORT', 'a:list', 'BY', 'x:*'],
    ['SORT', 'a:list', 'BY', 'x:*', 'GET', 'x:*', 'STORE', 'a:to'],
    ['SORT', 'a:list', 'BY', 'x:*', 'STORE', 'to'],
  ]);
  await sameLog(admin);
  await admin('ACL', 'LOG', 'RESET');
  await admin('ACL', 'LOG');
});

/** The log but for what differs by nature, and the fields that 7.2 added. */
async function sameLog(both: Both, count = 100): Promise<void> {
  const logs = await Promise.all(
    [both.headwater, both.redis].map(async (client) =>
      ((await client.ok('ACL', 'LOG', count)) as readonly (readonly Reply[])[]).map((entry) => entry.slice(0, 10)),
    ),
  );
  assert.deepEqual(logs[0], logs[1]);
}

aclTest('the shape of a log entry', async (both) => {
  await both('AUTH', 'u', 'x');
  const entries: (readonly Reply[])[] = [];
  for (const client of [both.headwater, both.redis]) {
    const [entry] = decode(await client.call('ACL', 'LOG')) as readonly (readonly Reply[])[];
    entries.push(entry!);
    assert.match(String(entry![11]), /^[0-9.]+$/);
    assert.match(String(entry![13]), /^id=\d+ addr=.* cmd=auth user=default /);
  }
  const names = entries.map((entry) => entry.filter((_, i) => i % 2 === 0));
  assert.deepEqual(names[0]!.slice(0, 7), names[1]);
  assert.deepEqual(names[0]!.slice(7), ['entry-id', 'timestamp-created', 'timestamp-last-updated']);
});

aclTest('the log merges, orders and forgets', async (both) => {
  const user = await both.open();
  await both('ACL', 'SETUSER', 'u', 'on', 'nopass', '+get', '+multi', '+exec', '~a');
  await user('AUTH', 'u', 'x');
  await user.all([
    ['GET', 'b'],
    ['SET', 'a', '1'],
    ['GET', 'b'],
    ['GET', 'c'],
    ['set', 'a', '1'],
    ['AUTH', 'x', 'y'],
  ]);
  await user.all([
    ['MULTI'],
    ['GET', 'b'],
    ['GET', 'c'],
    ['EXEC'],
    ['HELLO', '3', 'AUTH', 'x', 'y'],
    ['auth', 'x', 'y'],
  ]);
  await sameLog(both);
  await sameLog(both, 2);
  await both('CONFIG', 'SET', 'acllog-max-len', '3');
  await sameLog(both);
  await user('GET', 'd');
  await sameLog(both);
  await both('CONFIG', 'SET', 'acllog-max-len', '0');
  await user('GET', 'e');
  await sameLog(both);
  await both('CONFIG', 'SET', 'acllog-max-len', '128');
  for (let i = 0; i < 12; i++) await user('GET', `k${i}`);
  await user('GET', 'k0');
  await user('GET', 'k11');
  await sameLog(both);
});

aclTest('selectors: one that allows is enough, otherwise the gravest reason counts', async (both) => {
  await both(
    'ACL',
    'SETUSER',
    'u',
    'on',
    'nopass',
    '+get',
    '~a*',
    '(+set ~b*)',
    '(+publish +mget &c ~c*)',
    '(%R~m* +mget)',
  );
  for (const command of [
    ['get', 'a'],
    ['get', 'b'],
    ['set', 'b', '1'],
    ['set', 'a', '1'],
    ['del', 'a'],
    ['publish', 'c', 'm'],
    ['publish', 'd', 'm'],
    ['mget', 'c', 'c', 'x'],
    ['mget', 'm', 'x', 'y'],
    ['mget', 'c1', 'm'],
    ['select', '1'],
    ['auth', 'x'],
    ['hello'],
    ['client', 'id'],
  ])
    await both('ACL', 'DRYRUN', 'u', ...command);
  await both('ACL', 'SETUSER', 'u', '+select|0', '(+client|id)', '(+select|2)');
  for (const command of [
    ['select', '0'],
    ['select', '2'],
    ['SELECT', '1'],
    ['client', 'id'],
    ['client', 'list'],
  ])
    await both('ACL', 'DRYRUN', 'u', ...command);
});

aclTest('AUTH and HELLO with users', async (both) => {
  await both('ACL', 'SETUSER', 'u', 'on', '>one', '>two', '+@all', '~*');
  await both('ACL', 'SETUSER', 'locked', 'off', 'nopass', '+@all');
  const user = await both.open();
  await user.all([
    ['AUTH', 'x'],
    ['AUTH', 'default', 'x'],
    ['AUTH', 'u'],
    ['AUTH', 'u', 'x', 'y'],
    ['AUTH', 'locked', 'x'],
    ['AUTH', 'u', 'one'],
    ['ACL', 'WHOAMI'],
    ['AUTH', 'u', 'two'],
    ['AUTH', 'u', 'three'],
    ['ACL', 'WHOAMI'],
    ['HELLO', '3', 'AUTH', 'u', 'three'],
    ['RESET'],
    ['ACL', 'WHOAMI'],
  ]);
  await user.pairs('HELLO', '2', 'AUTH', 'u', 'two').catch(() => undefined);
  await user('ACL', 'WHOAMI');
  await both('ACL', 'SETUSER', 'default', '>pw');
  await both('CONFIG', 'GET', 'requirepass');
  const fresh = await both.open();
  await fresh.all([
    ['PING'],
    ['HELLO', '3'],
    ['ACL', 'WHOAMI'],
    ['QUITT'],
    ['GET'],
    ['AUTH', 'x'],
    ['AUTH', 'pw'],
    ['PING'],
  ]);
  await both('ACL', 'SETUSER', 'default', 'nopass', 'off');
  const other = await both.open();
  await other.all([
    ['PING'],
    ['AUTH', 'pw'],
    ['AUTH', 'default', 'pw'],
    ['AUTH', 'u', 'one'],
    ['PING'],
    ['RESET'],
    ['PING'],
  ]);
  await both('ACL', 'SETUSER', 'default', 'on');
  await both('CONFIG', 'SET', 'requirepass', 'new');
  await both('ACL', 'LIST');
  await other.all([['PING'], ['AUTH', 'new'], ['PING']]);
  await both('CONFIG', 'SET', 'requirepass', '');
  await both('ACL', 'LIST');
});

aclTest('queues are checked when filled and again when run', async (both) => {
  await both('ACL', 'SETUSER', 'u', 'on', 'nopass', '+@all', '~a*', '&c*');
  const user = await both.open();
  await user.all([['AUTH', 'u', 'x'], ['MULTI'], ['SET', 'a', '1'], ['SET', 'b', '1'], ['EXEC']]);
  await user.all([
    ['MULTI'],
    ['SET', 'a1', '1'],
    ['GET', 'a2'],
    ['PUBLISH', 'c', '1'],
    ['CONFIG', 'GET', 'hz'],
    ['INCR', 'a1'],
  ]);
  await both('ACL', 'SETUSER', 'u', 'resetkeys', '~a1', '-config', 'resetchannels');
  await user('EXEC');
  await user.all([['MULTI'], ['GET', 'a1']]);
  await both('ACL', 'SETUSER', 'u', '-exec');
  await user.all([['EXEC'], ['GET', 'a1'], ['DISCARD']]);
  await sameLog(both);
});

aclTest('clients of a user that is deleted, or that loses channels, are closed', async (both) => {
  await both('ACL', 'SETUSER', 'u', 'on', 'nopass', '+@all', '~*', '&a*', '&p?');
  const connect = async (...commands: (readonly string[])[]): Promise<Both> => {
    const client = await both.open({ resp: 3 });
    await client('AUTH', 'u', 'x');
    for (const command of commands) {
      for (const one of [client.redis, client.headwater]) one.send(`${command.join(' ')}\r\n`);
      await client.push();
    }
    return client;
  };
  const a = await connect(['SUBSCRIBE', 'a1']);
  const p = await connect(['PSUBSCRIBE', 'p?']);
  const s = await connect(['SSUBSCRIBE', 'a2']);
  const none = await connect();
  await both('ACL', 'SETUSER', 'u', '&more');
  await both('ACL', 'SETUSER', 'u', 'resetchannels', '&a1', '&p?');
  assert.equal(await s.closes(), '');
  await both('ACL', 'SETUSER', 'u', 'resetchannels', '&a*', '&p*');
  assert.equal(await p.closes(), '');
  await a('PING');
  await both('ACL', 'SETUSER', 'u', 'allchannels');
  await both('ACL', 'SETUSER', 'u', 'resetchannels');
  assert.equal(await a.closes(), '');
  await none('PING');
  await none('ACL', 'DELUSER', 'u');
  assert.equal(await none.closes(), '');
  await both('ACL', 'USERS');
  await both('CLIENT', 'KILL', 'USER', 'u');
});

aclTest('CLIENT LIST and KILL know users', async (both) => {
  await both('ACL', 'SETUSER', 'u', 'on', 'nopass', '+@all');
  const first = await both.open();
  const second = await both.open();
  await first('AUTH', 'u', 'x');
  await second('AUTH', 'u', 'x');
  for (const client of [first.redis, first.headwater]) {
    assert.match(String(await client.ok('CLIENT', 'INFO')), / user=u /);
    assert.equal(String(await client.ok('CLIENT', 'LIST')).match(/ user=u /g)?.length, 2);
  }
  await both('CLIENT', 'KILL', 'USER', 'u', 'SKIPME', 'no');
  assert.equal(await first.closes(), '');
  assert.equal(await second.closes(), '');
});

aclTest('INFO counts refusals', async (both) => {
  await both('CONFIG', 'RESETSTAT');
  await both('ACL', 'SETUSER', 'u', 'on', 'nopass', '+get', '+publish', '~a');
  const user = await both.open();
  await user('AUTH', 'u', 'x');
  await user.all([
    ['AUTH', 'no', 'x'],
    ['GET', 'b'],
    ['GET', 'b'],
    ['SET', 'a', '1'],
    ['PUBLISH', 'c', 'x'],
    ['PUBLISH', 'c', 'x'],
  ]);
  const info = String(await both.headwater.ok('INFO', 'stats'));
  assert.match(
    info,
    /acl_access_denied_auth:1\r\nacl_access_denied_cmd:1\r\nacl_access_denied_key:2\r\nacl_access_denied_channel:2\r\n/,
  );
  await both('CONFIG', 'RESETSTAT');
  assert.match(String(await both.headwater.ok('INFO', 'stats')), /acl_access_denied_cmd:0/);
});

aclTest('acl-pubsub-default decides about new users and selectors', async (both) => {
  await both('CONFIG', 'SET', 'acl-pubsub-default', 'allchannels');
  await both('ACL', 'SETUSER', 'u', 'on', '(+get)');
  await both('ACL', 'GETUSER', 'u');
  await both('ACL', 'SETUSER', 'u', 'resetchannels', 'reset');
  await both('ACL', 'GETUSER', 'u');
  await both('CONFIG', 'SET', 'acl-pubsub-default', 'resetchannels');
  await both('ACL', 'SETUSER', 'u', 'reset', '(+get)');
  await both('ACL', 'GETUSER', 'u');
});

aclTest('the log keeps only the beginning of a long key', async (both) => {
  await both('ACL', 'SETUSER', 'u', 'on', 'nopass', '+get');
  const user = await both.open();
  await user('AUTH', 'u', 'x');
  await user('GET', 'k'.repeat(100_000));
  const [entry] = (await both.headwater.ok('ACL', 'LOG')) as readonly (readonly Reply[])[];
  assert.equal(entry![7], 'k'.repeat(4096));
});
