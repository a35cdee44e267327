/** WAIT, CLIENT UNBLOCK and a change of role, against the real server; WAITAOF, which 7.0 does not have, by 7.2's rules. */
import assert from 'node:assert/strict';
import { lockstep, type Both } from '../support/lockstep.ts';
import type { RawClient } from '../support/raw-client.ts';
import { encodeCommand } from '../support/resp.ts';
import { waitFor } from '../support/wait.ts';

lockstep('WAIT answers at once when enough replicas have acknowledged, and what it refuses', async (both) => {
  await both.all([
    ['WAIT', '0', '0'],
    ['SET', 'k', 'v'],
    ['WAIT', '0', '1000'],
    ['WAIT', '-1', '0'],
    ['WAIT', '1', '1'],
    ['WAIT'],
    ['WAIT', '1'],
    ['WAIT', '1', '2', '3'],
    ['WAIT', 'x', '0'],
    ['WAIT', '9223372036854775808', '0'],
    ['WAIT', '1', 'x'],
    ['WAIT', '1', '1.5'],
    ['WAIT', '1', '-1'],
    ['WAIT', '0', 'x'],
  ]);
});

lockstep('nothing blocks inside MULTI', async (both) => {
  await both.all([['MULTI'], ['SET', 'k', 'v'], ['WAIT', '3', '0'], ['EXEC'], ['PING']]);
});

lockstep('commands behind a WAIT in the same write run after it', async (both) => {
  await both.pipeline([['SET', 'k', 'v'], ['WAIT', '1', '20'], ['GET', 'k'], ['WAIT', '1', '20'], ['PING']]);
});

lockstep('CLIENT UNBLOCK ends a WAIT as its time-out or with an error', async (both) => {
  for (const how of [[], ['TIMEOUT'], ['error']]) {
    const waiting = await both.open();
    const ids = await blockIn(both, waiting, 'WAIT', '1', '0');
    for (const [client, id] of ids) assert.equal(Number(await client.ok('CLIENT', 'UNBLOCK', id, ...how)), 1);
    await waiting.reply();
    for (const [client, id] of ids) assert.equal(Number(await client.ok('CLIENT', 'UNBLOCK', id, ...how)), 0);
    await waiting('PING');
  }
});

lockstep('REPLICAOF ends the blocked clients and their connections', async (both) => {
  const waiting = await both.open();
  await blockIn(both, waiting, 'WAIT', '1', '0');
  await both('REPLICAOF', '127.0.0.1', '1');
  await waiting.closes();
  await both('WAIT', '0', '0');
  await both('WAIT', 'x', 'x');
  await both('REPLICAOF', 'NO', 'ONE');
});

lockstep('WAITAOF without an AOF: no local disk to wait for', { digests: false }, async ({ headwater }) => {
  const says = async (...args: string[]): Promise<string> => String(await headwater.call('WAITAOF', ...args));
  await headwater.ok('SET', 'k', 'v');
  assert.equal(await says('2', '0', '0'), '-ERR value is out of range, value must between 0 and 1\r\n');
  assert.equal(await says('0', '-1', '0'), '-ERR value is out of range, must be positive\r\n');
  assert.equal(await says('0', '0', '-1'), '-ERR timeout is negative\r\n');
  assert.equal(
    await says('1', '0', '0'),
    '-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n',
  );
  assert.match(await says('0', '0', '0'), /^\*2\r\n:[01]\r\n:0\r\n$/);
  assert.match(await says('0', '1', '5'), /^\*2\r\n:[01]\r\n:0\r\n$/);
  await headwater.ok('REPLICAOF', '127.0.0.1', '1');
  assert.match(await says('0', '0', '0'), /^-ERR WAITAOF cannot be used with replica instances\./);
  await headwater.ok('REPLICAOF', 'NO', 'ONE');
});

/** Sends a command that blocks on both sides; the clients to watch with, and the ids of those that wait. */
async function blockIn(both: Both, waiting: Both, ...command: string[]): Promise<[RawClient, number][]> {
  const sides = [
    [both.redis, waiting.redis],
    [both.headwater, waiting.headwater],
  ] as const;
  const result: [RawClient, number][] = [];
  for (const [watcher, client] of sides) {
    const id = Number(await client.ok('CLIENT', 'ID'));
    client.send(encodeCommand(command));
    await waitFor(async () => / flags=b /.test(String(await watcher.ok('CLIENT', 'LIST', 'ID', id))), {
      what: 'a blocked client',
    });
    result.push([watcher, id]);
  }
  return result;
}
