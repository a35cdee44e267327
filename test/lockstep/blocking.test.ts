/** Commands that wait for keys: who is served, when, and with what. */
import assert from 'node:assert/strict';
import { block, send } from '../support/blocked.ts';
import { lockstep } from '../support/lockstep.ts';
import type { Both, Command } from '../support/lockstep.ts';

lockstep('BLPOP and BRPOP of a list that has elements answer at once', { resp: 'both' }, async (both) => {
  await both('RPUSH', 'l', '1', '2', '3');
  await both('BLPOP', 'l', '0');
  await both('BRPOP', 'missing', 'l', '0');
  await both('BLPOP', 'l', 'l', '1');
  await both('EXISTS', 'l');
});

lockstep('timeouts that are none', async (both) => {
  for (const timeout of ['-1', 'abc', '', ' 1', '1e400', 'inf', '-inf', 'nan', '1e20', '9300000000000000', '-0.002'])
    await both.error('BLPOP', 'l', timeout);
  await both.error('BLPOP', 'l');
  await both('SET', 's', 'x');
  await both.error('BLPOP', 's', '1');
  await both.error('BRPOP', 'l', 's', '1');
  await both.error('BLPOP', 's', 'x');
});

lockstep(
  'a timeout is over at once when it is tiny, and for ever when it rounds to nothing',
  { resp: 'both' },
  async (both) => {
    for (const timeout of ['0.001', '0.0000001', '0x1p-10', '0.01']) await both('BLPOP', 'l', timeout);
    const waiting = await both.open();
    for (const timeout of ['-0', '0', '-0.0000001', '-0.001', '9223372036854775', '9223372036854775.807', '0x1p40']) {
      await block(both, waiting, 'BLPOP', 'l', timeout);
      await both('RPUSH', 'l', 'x');
      await waiting.reply();
    }
  },
);

lockstep('inside MULTI nothing waits', { resp: 'both' }, async (both) => {
  await both('MULTI');
  await both('BLPOP', 'l', '0');
  await both('BRPOP', 'l', '0');
  await both('RPUSH', 'l', 'a');
  await both('BLPOP', 'l', '0');
  await both('BLPOP', 'l', 'x');
  await both('EXEC');
});

lockstep('the first who blocks is the first who is served', async (both) => {
  const waiting: Both[] = [];
  for (let i = 0; i < 5; i++) {
    const one = await both.open();
    waiting.push(one);
    await block(both, one, i % 2 === 0 ? 'BLPOP' : 'BRPOP', 'other', 'l', '0');
  }
  await both('RPUSH', 'l', '1', '2', '3');
  for (const one of waiting.slice(0, 3)) await one.reply();
  await both('EXISTS', 'l');
  await both('RPUSH', 'other', '4');
  await both('LPUSH', 'l', '5');
  for (const one of waiting.slice(3)) await one.reply();
  await both('DBSIZE');
});

/** Every way in which a list can come into being. Each starts from a list `src` in databases 0 and 1, and a set `set`. */
const waysToFill: readonly (readonly Command[])[] = [
  [['LPUSH', 'l', 'a', 'b']],
  [['RPUSH', 'l', 'a', 'b']],
  [['LMOVE', 'src', 'l', 'LEFT', 'RIGHT']],
  [['RPOPLPUSH', 'src', 'l']],
  [['RENAME', 'src', 'l']],
  [['RENAMENX', 'src', 'l']],
  [['COPY', 'src', 'l']],
  [['SORT', 'set', 'STORE', 'l']],
  [
    ['SELECT', '1'],
    ['MOVE', 'l', '0'],
  ],
  [
    ['SELECT', '1'],
    ['COPY', 'l', 'l', 'DB', '0'],
  ],
  [['SWAPDB', '0', '1']],
  [['SWAPDB', '1', '0']],
  [['MULTI'], ['RPUSH', 'l', 'a'], ['RPUSH', 'l', 'b'], ['EXEC']],
  [['MULTI'], ['RPUSH', 'l', 'a'], ['DEL', 'l'], ['EXEC'], ['RPUSH', 'l', 'b']],
  [['MULTI'], ['RPUSH', 'l', 'a'], ['DEL', 'l'], ['RPUSH', 'l', 'c'], ['EXEC']],
  [['MULTI'], ['RPUSH', 'l', 'a'], ['DEL', 'l'], ['SET', 'l', 'c'], ['EXEC'], ['DEL', 'l'], ['RPUSH', 'l', 'x']],
  [
    ['SET', 'l', 'x'],
    ['ZADD', 'z', '1', 'm'],
    ['RENAME', 'z', 'l'],
    ['RENAME', 'src', 'l'],
  ],
  [
    ['ZADD', 'l', '1', 'x'],
    ['DEL', 'l'],
    ['RPUSH', 'l', 'x'],
  ],
  [['SADD', 'l', '1', 'x'], ['FLUSHDB'], ['RPUSH', 'l', 'x']],
  [['FLUSHALL'], ['RPUSH', 'l', 'x']],
];

for (const commands of waysToFill)
  lockstep(`a client is woken by ${commands.map((words) => words.join(' ')).join(', ')}`, async (both) => {
    await both('RPUSH', 'src', '1', '2', '3');
    await both('SADD', 'set', '3', '1', '2');
    await both('SELECT', '1');
    await both('RPUSH', 'l', 'x', 'y', 'z');
    await both('SELECT', '0');
    const waiting = await both.open();
    await block(both, waiting, 'BLPOP', 'l', '0');
    await both.all(commands);
    await waiting.reply();
    await both('SELECT', '0');
    await both.unordered('KEYS', '*');
  });

lockstep('a client is woken by RESTORE', async (both) => {
  await both('RPUSH', 'src', '1', '2', '3');
  const payload = Buffer.from((await both.redis.call('DUMP', 'src')).subarray(5, -2));
  const waiting = await both.open();
  await block(both, waiting, 'BRPOP', 'l', '0');
  await both('RESTORE', 'l', '0', payload);
  await waiting.reply();
  await both('LRANGE', 'l', '0', '-1');
});

lockstep('a key of another type wakes nobody', async (both) => {
  const waiting = await both.open();
  await block(both, waiting, 'BLPOP', 'l', 'm', '0');
  await both('ZADD', 'l', '1', 'a');
  await both('SADD', 'm', 'a');
  await both('DEL', 'm');
  await both('SET', 'm', 'a');
  await both('DEL', 'l');
  await both('RPUSH', 'l', 'x');
  await waiting.reply();
});

lockstep('of several keys filled in one transaction the first filled serves', async (both) => {
  const waiting = await both.open();
  const second = await both.open();
  await block(both, waiting, 'BLPOP', 'a', 'b', 'c', '0');
  await block(both, second, 'BLPOP', 'b', 'c', '0');
  await both.all([['MULTI'], ['RPUSH', 'c', '1'], ['RPUSH', 'b', '2'], ['RPUSH', 'a', '3'], ['EXEC']]);
  await waiting.reply();
  await second.reply();
  await both('LRANGE', 'a', '0', '-1');
});

lockstep('what a blocked client sends meanwhile runs afterwards, in order', async (both) => {
  const waiting = await both.open();
  await block(both, waiting, 'BLPOP', 'l', '0');
  send(waiting, 'SET', 'k', 'v');
  send(waiting, 'GET', 'k');
  send(waiting, 'BLPOP', 'l', '0');
  send(waiting, 'INCR', 'n');
  await both('GET', 'k');
  await both('RPUSH', 'l', '1');
  for (let i = 0; i < 3; i++) await waiting.reply();
  await both('GET', 'n');
  await both('RPUSH', 'l', '2');
  await waiting.reply();
  await waiting.reply();
});

lockstep('a client blocks in its own database', async (both) => {
  const waiting = await both.open();
  await waiting('SELECT', '3');
  await block(both, waiting, 'BLPOP', 'l', '0');
  await both('RPUSH', 'l', 'wrong');
  await both('SELECT', '3');
  await both('RPUSH', 'l', 'right');
  await waiting.reply();
  await both('DBSIZE');
});

lockstep('CLIENT UNBLOCK ends a wait like a timeout, or with an error', { resp: 'both' }, async (both) => {
  const waiting = await both.open();
  const ids = [await waiting.redis.ok('CLIENT', 'ID'), await waiting.headwater.ok('CLIENT', 'ID')];
  for (const reason of [[], ['TIMEOUT'], ['error']]) {
    await block(both, waiting, 'BLPOP', 'l', '0');
    const done = [
      await both.redis.ok('CLIENT', 'UNBLOCK', Number(ids[0]), ...reason),
      await both.headwater.ok('CLIENT', 'UNBLOCK', Number(ids[1]), ...reason),
    ];
    assert.deepEqual(done, [1, 1]);
    await waiting.reply();
  }
  for (const client of [both.redis, both.headwater])
    assert.match(String(await client.ok('INFO', 'commandstats')), /cmdstat_blpop:.*,failed_calls=[1-9]/);
  await waiting('PING');
  await both('CLIENT', 'UNBLOCK', '123456789');
  await both.error('CLIENT', 'UNBLOCK', 'x');
  await both.error('CLIENT', 'UNBLOCK', '1', 'soon');
  await both('RPUSH', 'l', 'stays');
  await both('LRANGE', 'l', '0', '-1');
});

lockstep('a blocked client that went away gets nothing', async (both) => {
  const gone = await both.open();
  const killed = await both.open();
  const waiting = await both.open();
  await killed('CLIENT', 'SETNAME', 'victim');
  for (const one of [gone, killed, waiting]) await block(both, one, 'BLPOP', 'l', '0');
  await Promise.all([gone.redis.close(), gone.headwater.close()]);
  for (const one of [both.redis, both.headwater]) {
    const victim = /id=(\d+) [^\n]*name=victim/.exec(String(await one.ok('CLIENT', 'LIST')))![1]!;
    await one.ok('CLIENT', 'KILL', 'ID', victim);
  }
  await killed.closes();
  await untilBlocked(both, 1);
  await both('RPUSH', 'l', '1', '2');
  await waiting.reply();
  await both('LRANGE', 'l', '0', '-1');
});

lockstep('the clients that become blocked on turning into a replica are told and disconnected', async (both) => {
  const waiting = await both.open();
  await block(both, waiting, 'BLPOP', 'l', '0');
  await both('REPLICAOF', '127.0.0.1', '1');
  await waiting.closes();
  await both('REPLICAOF', 'NO', 'ONE');
  await both('RPUSH', 'l', '1');
  await both('LLEN', 'l');
});

lockstep('CLIENT PAUSE delays a command that would block, and timeouts go on', async (both) => {
  const waiting = await both.open();
  const late = await both.open();
  await both('CLIENT', 'PAUSE', '100000', 'WRITE');
  // It only reads, so it may wait, and does so in vain.
  await waiting('XREAD', 'BLOCK', '20', 'STREAMS', 's', '$');
  send(late, 'BLPOP', 'l', '0');
  await untilBlocked(both, 1);
  await both('CLIENT', 'UNPAUSE');
  await both('RPUSH', 'l', '1');
  await late.reply();
});

lockstep('replies that are off stay off for a client that waits', async (both) => {
  const waiting = await both.open();
  send(waiting, 'CLIENT', 'REPLY', 'OFF');
  send(waiting, 'BLPOP', 'l', '0');
  await untilBlocked(both, 1);
  await both('RPUSH', 'l', '1');
  await untilBlocked(both, 0);
  await waiting('CLIENT', 'REPLY', 'ON');
  send(waiting, 'CLIENT', 'REPLY', 'SKIP');
  send(waiting, 'BLPOP', 'l', '0');
  await untilBlocked(both, 1);
  await both('RPUSH', 'l', '2');
  await waiting('PING');
});

lockstep('a client that listens in RESP3 gets messages while it waits', { resp: 3 }, async (both) => {
  const waiting = await both.open();
  send(waiting, 'SUBSCRIBE', 'c');
  await waiting.push();
  send(waiting, 'BLPOP', 'l', '0');
  await untilBlocked(both, 1);
  await both('PUBLISH', 'c', 'hello');
  await waiting.push();
  await both('RPUSH', 'l', '1');
  await waiting.reply();
});

lockstep('a client that pipelines pushes to one that waits sees its own replies in order', async (both) => {
  const waiting = await both.open();
  await block(both, waiting, 'BLPOP', 'l', '0');
  await both.pipeline([
    ['PING'],
    ['RPUSH', 'l', '1', '2'],
    ['LLEN', 'l'],
    ['BLPOP', 'l', '0'],
    ['LLEN', 'l'],
    ['ECHO', 'x'],
  ]);
  await waiting.reply();
});

lockstep('blocking commands of lists and sorted sets that need not wait', { resp: 'both' }, async (both) => {
  await both('RPUSH', 'l', '1', '2', '3', '4', '5', '6');
  await both('ZADD', 'z', '1', 'a', '2.5', 'b', '3', 'c', '4', 'd', '5', 'e');
  await both.all([
    ['BLMOVE', 'l', 'm', 'LEFT', 'RIGHT', '0'],
    ['BLMOVE', 'l', 'l', 'LEFT', 'RIGHT', '0'],
    ['BRPOPLPUSH', 'l', 'm', '0'],
    ['BRPOPLPUSH', 'm', 'm', '0'],
    ['BLMPOP', '0', '2', 'none', 'l', 'LEFT'],
    ['BLMPOP', '0', '1', 'l', 'RIGHT', 'COUNT', '2'],
    ['BLMPOP', '0', '1', 'l', 'RIGHT', 'COUNT', '20'],
    ['BZPOPMIN', 'none', 'z', '0'],
    ['BZPOPMAX', 'z', 'z', '0'],
    ['BZMPOP', '0', '1', 'z', 'MIN'],
    ['BZMPOP', '0', '2', 'none', 'z', 'MAX', 'COUNT', '10'],
    ['EXISTS', 'l', 'z'],
  ]);
});

lockstep('blocking commands that are refused', async (both) => {
  await both('SET', 's', 'x');
  await both('RPUSH', 'l', 'x');
  for (const command of [
    'BLMOVE l m LEFT RIGHT x',
    'BLMOVE l m LEFT RIGHT -1',
    'BLMOVE l m UP RIGHT 0',
    'BLMOVE l m LEFT DOWN x',
    'BLMOVE l s LEFT RIGHT 0',
    'BLMOVE s l LEFT RIGHT 0',
    'BLMOVE l m LEFT RIGHT',
    'BRPOPLPUSH l s 0',
    'BRPOPLPUSH s l 0',
    'BRPOPLPUSH l m x',
    'BLMPOP 0 0 l LEFT',
    'BLMPOP 0 x l LEFT',
    'BLMPOP 0 1 l',
    'BLMPOP 0 2 l LEFT',
    'BLMPOP 0 1 l MIN',
    'BLMPOP 0 1 l LEFT COUNT',
    'BLMPOP 0 1 l LEFT COUNT 0',
    'BLMPOP 0 1 l LEFT COUNT 1 COUNT 1',
    'BLMPOP x 1 l LEFT COUNT 0',
    'BLMPOP x 1 l LEFT',
    'BLMPOP -1 1 l LEFT',
    'BLMPOP 0 1 s LEFT',
    'BZPOPMIN l 0',
    'BZPOPMAX none s 0',
    'BZPOPMIN none x',
    'BZMPOP 0 1 l MIN',
    'BZMPOP 0 1 z LEFT',
    'BZMPOP 0 1 z MIN COUNT -1',
    'BZMPOP 0 1 z MIN MIN',
    'BZMPOP a 1 z MIN',
  ])
    await both.error(...command.split(' '));
});

lockstep('inside MULTI none of them waits', { resp: 'both' }, async (both) => {
  await both.all([
    ['MULTI'],
    ['BLMOVE', 'l', 'm', 'LEFT', 'RIGHT', '0'],
    ['BRPOPLPUSH', 'l', 'm', '0'],
    ['BLMPOP', '0', '1', 'l', 'LEFT'],
    ['BZPOPMIN', 'l', '0'],
    ['BZMPOP', '0', '1', 'l', 'MIN'],
    ['EXEC'],
  ]);
});

/** A waiting command, and what ends its wait. */
const waits: readonly (readonly [waiting: string, ...fillers: string[]])[] = [
  ['BLMOVE l m LEFT RIGHT 0', 'RPUSH l 1 2'],
  ['BLMOVE l m RIGHT LEFT 0', 'RPUSH m x', 'RPUSH l 1 2'],
  ['BLMOVE l l RIGHT LEFT 0', 'RPUSH l 1 2 3'],
  ['BLMOVE l m LEFT LEFT 0', 'SET m x', 'RPUSH l 1 2'],
  ['BRPOPLPUSH l m 0', 'LPUSH l 1'],
  ['BRPOPLPUSH l l 0', 'LPUSH l 1 2'],
  ['BRPOPLPUSH l m 0', 'ZADD m 1 x', 'LPUSH l 1'],
  ['BLMPOP 0 2 k l LEFT', 'RPUSH l 1 2 3'],
  ['BLMPOP 0 2 k l RIGHT COUNT 2', 'RPUSH l 1 2 3'],
  ['BLMPOP 0 2 k l RIGHT COUNT 20', 'RPUSH k 1 2 3'],
  ['BZPOPMIN k z 0', 'ZADD z 2 b 1 a 1.5 c'],
  ['BZPOPMAX k z 0', 'ZADD z 2 b 1 a 1.5 c'],
  ['BZPOPMAX z 0', 'ZINCRBY z inf b'],
  ['BZPOPMAX z 0', 'ZADD z XX 1 b', 'ZADD z INCR 1 b'],
  ['BZMPOP 0 2 k z MIN', 'ZADD z 2 b 1 a 1.5 c'],
  ['BZMPOP 0 2 k z MAX COUNT 2', 'ZADD z 2 b 1 a 1.5 c'],
  ['BZMPOP 0 2 k z MAX COUNT 9', 'ZADD k 2 b 1 a 1.5 c'],
  ['BZPOPMIN z 0', 'ZADD y 1 a 2 b', 'ZUNIONSTORE z 1 y'],
  ['BZPOPMIN z 0', 'ZADD y 1 a 2 b', 'ZINTERSTORE z 1 y'],
  ['BZPOPMIN z 0', 'ZADD y 1 a 2 b', 'ZDIFFSTORE z 1 y'],
  ['BZPOPMIN z 0', 'ZADD y 1 a 2 b', 'ZRANGESTORE z y 0 -1'],
  ['BZPOPMIN z 0', 'GEOADD z 13 38 a 15 37 b'],
  ['BZPOPMIN z 0', 'GEOADD g 13 38 a 15 37 b', 'GEOSEARCHSTORE z g FROMLONLAT 15 37 BYRADIUS 200 km'],
  ['BZPOPMIN z 0', 'GEOADD g 13 38 a 15 37 b', 'GEORADIUS g 15 37 200 km STORE z'],
  ['BZPOPMIN z 0', 'ZADD y 1 a 2 b', 'RENAME y z'],
  ['BZPOPMIN z 0', 'ZADD y 1 a 2 b', 'COPY y z'],
];

for (const [waiting, ...fillers] of waits)
  lockstep(`${waiting} is ended by ${fillers.join(', ')}`, { resp: 'both' }, async (both) => {
    const client = await both.open();
    await block(both, client, ...waiting.split(' '));
    for (const filler of fillers) await both(...filler.split(' '));
    await client.reply();
    await client('PING');
  });

lockstep('timeouts of all of them', { resp: 'both' }, async (both) => {
  await both.all([
    ['BLMOVE', 'l', 'm', 'LEFT', 'RIGHT', '0.01'],
    ['BRPOPLPUSH', 'l', 'm', '0.01'],
    ['BLMPOP', '0.01', '1', 'l', 'LEFT'],
    ['BZPOPMIN', 'l', '0.01'],
    ['BZPOPMAX', 'l', 'm', '0.01'],
    ['BZMPOP', '0.01', '1', 'l', 'MIN'],
  ]);
});

lockstep('one push goes through a chain of waiting BLMOVEs', async (both) => {
  const last = await both.open();
  await block(both, last, 'BLPOP', 'd', '0');
  const movers: Both[] = [];
  for (const [from, to] of [
    ['c', 'd'],
    ['a', 'b'],
    ['b', 'c'],
  ]) {
    const mover = await both.open();
    movers.push(mover);
    await block(both, mover, 'BLMOVE', from!, to!, 'LEFT', 'RIGHT', '0');
  }
  await both('RPUSH', 'a', 'x');
  for (const mover of movers) await mover.reply();
  await last.reply();
  await both('DBSIZE');
});

lockstep('clients that wait for lists and for sorted sets in the same key', async (both) => {
  const clients: Both[] = [];
  for (const command of ['BLPOP k 0', 'BZPOPMIN k 0', 'BLPOP k 0', 'BZPOPMAX k 0']) {
    const client = await both.open();
    clients.push(client);
    await block(both, client, ...command.split(' '));
  }
  await both('ZADD', 'k', '1', 'a');
  await clients[1]!.reply();
  await both('RPUSH', 'k', '1');
  await clients[0]!.reply();
  await both.all([['MULTI'], ['RPUSH', 'k', '1'], ['DEL', 'k'], ['ZADD', 'k', '5', 'm'], ['EXEC']]);
  await clients[3]!.reply();
  await both('RPUSH', 'k', '1', '2');
  await clients[2]!.reply();
});

lockstep('calls are counted once, and failures as they end', async (both) => {
  await both('CONFIG', 'RESETSTAT');
  const waiting = await both.open();
  await block(both, waiting, 'BLPOP', 'l', '0');
  await both('RPUSH', 'l', '1');
  await waiting.reply();
  await both('BLPOP', 'l', '0.001');
  await both('BLPOP', 'l', 'x');
  const stats: string[] = [];
  for (const one of [both.redis, both.headwater]) {
    const line = /cmdstat_blpop:.*/.exec(String(await one.ok('INFO', 'commandstats')))![0];
    stats.push(line.replace(/usec.*?(?=rejected)/, ''));
  }
  assert.equal(stats[1], stats[0]);
});

async function untilBlocked(both: Both, count: number): Promise<void> {
  for (const one of [both.redis, both.headwater])
    while (!String(await one.ok('INFO', 'clients')).includes(`\nblocked_clients:${count}\r`));
}
