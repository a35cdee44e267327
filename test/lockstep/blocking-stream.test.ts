/**
 * What blocking commands send to replicas, compared with redis-server: with clients that wait, the effects of the command
 * that ends their wait and of the waits that it ends; without, those of the blocking command itself.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { listenToStream } from '../support/replication-stream.ts';
import { encodeCommand } from '../support/resp.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { waitFor } from '../support/wait.ts';

const servers: Promise<readonly [ServerProcess, ServerProcess]> = Promise.all([startRedis(), startHeadwater()]);
after(async () => {
  for (const server of await servers) await server.stop();
});

/** `waiting`: one command for each client that waits, in this order. */
function streams(waiting: readonly string[], commands: readonly string[]): void {
  const title = waiting.length === 0 ? 'nobody waits' : `waiting: ${waiting.join(', ')}`;
  void test(`${title}; ${commands.join(', ')}`, { timeout: 120_000 }, async () => {
    const [redis, headwater] = await Promise.all((await servers).map(({ port }) => play(port, waiting, commands)));
    assert.deepEqual(headwater, redis);
  });
}

async function play(port: number, waiting: readonly string[], commands: readonly string[]): Promise<string[]> {
  const client = await connectRaw(port);
  const blocked: RawClient[] = [];
  const seen: string[] = [];
  await client.ok('FLUSHALL');
  const stream = await listenToStream(port);
  try {
    for (const [i, command] of waiting.entries()) {
      const one = await connectRaw(port);
      blocked.push(one);
      one.send(encodeCommand(command.split(' ')));
      await waitFor(async () => String(await client.ok('INFO', 'clients')).includes(`blocked_clients:${i + 1}\r`), {
        what: `${command} to block`,
      });
    }
    for (const command of commands) {
      if (command.startsWith('passes ')) {
        await new Promise((resolve) => setTimeout(resolve, Number(command.slice(7))));
        continue;
      }
      const { reply, effects } = await stream.effectsOf(client, command.split(' '));
      seen.push(
        `${command} -> ${reply.toString('latin1')}`,
        ...effects.map((words) => words.join(' ').replace(/\b\d{13}\b/, '<time>')),
      );
    }
    return seen;
  } finally {
    for (const one of [...blocked, client]) await one.close();
    await stream.close();
    await noneBlocked(port);
  }
}

async function noneBlocked(port: number): Promise<void> {
  const client = await connectRaw(port);
  await waitFor(async () => String(await client.ok('INFO', 'clients')).includes('blocked_clients:0\r'), {
    what: 'all clients to be gone',
  });
  await client.close();
}

streams(
  [],
  [
    'RPUSH l 1 2 3 4 5 6 7 8 9',
    'ZADD z 1 a 2 b 3 c 4 d 5 e',
    'BLPOP none l 0',
    'blpop l 0',
    'BRPOP l 0',
    'BLMOVE l m left RIGHT 0',
    'BLMOVE l l LEFT RIGHT 0',
    'BRPOPLPUSH l m 0',
    'BRPOPLPUSH m m 0',
    'BLMPOP 0 1 l LEFT',
    'BLMPOP 0 1 l RIGHT COUNT 20',
    'BZPOPMIN z 0',
    'BZPOPMAX z 0',
    'BZMPOP 0 1 z MIN',
    'BZMPOP 0 1 z MAX COUNT 10',
    'BLPOP none 0.01',
    'BLMOVE none m LEFT LEFT 0.01',
    'MULTI',
    'RPUSH l 1 2 3',
    'BLPOP l 0',
    'BLMOVE l m LEFT LEFT 0',
    'BRPOPLPUSH l m 0',
    'BLPOP l 0',
    'EXEC',
  ],
);
streams(['BLPOP l 0'], ['RPUSH l 1 2']);
streams(['BLPOP l 0', 'BRPOP l 0', 'BLPOP l 0'], ['RPUSH l 1 2']);
streams(['BLPOP l 0', 'BLPOP m 0'], ['MULTI', 'RPUSH m 1', 'RPUSH l 2 3', 'SET k v', 'EXEC', 'GET k']);
streams(['BLMPOP 0 2 k l LEFT COUNT 2'], ['RPUSH l 1 2 3']);
streams(['BLMPOP 0 2 k l RIGHT COUNT 20'], ['RPUSH l 1 2 3']);
streams(['BLMPOP 0 2 k l RIGHT'], ['RPUSH l 1 2 3']);
streams(['BLMOVE l m left RIGHT 0'], ['RPUSH l 1 2']);
streams(['BLMOVE l m RIGHT left 0', 'BLMOVE m n left left 0', 'BLPOP n 0'], ['RPUSH l 1 2']);
streams(['BRPOPLPUSH l m 0', 'BLPOP m 0'], ['RPUSH l 1']);
streams(['BLMOVE l s LEFT RIGHT 0'], ['SET s x', 'RPUSH l 1 2', 'LRANGE l 0 -1']);
streams(['BZPOPMIN z 0', 'BZPOPMAX y z 0'], ['ZADD z 1 a 2 b 3 c']);
streams(['BZMPOP 0 1 z MIN', 'BZMPOP 0 1 z MAX COUNT 5'], ['ZADD z 1 a 2 b 3 c']);
streams(['BLPOP l 0'], ['RPUSH k 1 2', 'RENAME k l']);
streams(['BLPOP l 0'], ['SADD k 2 1', 'SORT k STORE l']);
streams(['BLPOP l 0'], ['RPUSH k 1', 'MOVE k 1', 'RPUSH l x', 'SWAPDB 0 1']);
// What comes is past its time already: it goes, and the client waits on.
streams(
  ['BLPOP l 0'],
  [
    ...['DEBUG SET-ACTIVE-EXPIRE 0', 'SELECT 1', 'RPUSH l 1', 'PEXPIRE l 1', 'passes 5', 'SELECT 0', 'SWAPDB 0 1'],
    ...['RPUSH l 2', 'DEBUG SET-ACTIVE-EXPIRE 1'],
  ],
);
streams(
  ['BLPOP l 0'],
  [
    ...['DEBUG SET-ACTIVE-EXPIRE 0', 'MULTI', 'RPUSH l 1', 'PEXPIRE l 10', 'DEBUG SLEEP 0.05', 'EXEC', 'RPUSH l 2'],
    'DEBUG SET-ACTIVE-EXPIRE 1',
  ],
);
// The key that BLMOVE fills is past its time: it goes first, and both are one transaction.
streams(
  ['BLMOVE l m LEFT RIGHT 0'],
  ['DEBUG SET-ACTIVE-EXPIRE 0', 'SET m x PX 1', 'passes 5', 'RPUSH l 1', 'DEBUG SET-ACTIVE-EXPIRE 1'],
);
