/** MULTI, EXEC, DISCARD, WATCH, UNWATCH against the real server. */
import assert from 'node:assert';
import { lockstep, type Both } from '../support/lockstep.ts';
import { waitFor } from '../support/wait.ts';

lockstep('a database swapped with itself has not changed for WATCH', async (both) => {
  await both.all([['SET', 'k', 'v'], ['WATCH', 'k', 'none'], ['SWAPDB', '0', '0'], ['MULTI'], ['GET', 'k'], ['EXEC']]);
});

lockstep('EXEC runs what was queued, in order', { resp: 'both' }, async (both) => {
  await both.all([
    ['MULTI'],
    ['SET', 'a', '1'],
    ['INCR', 'a'],
    ['GET', 'a'],
    ['GET', 'missing'],
    ['PING'],
    ['ECHO', Buffer.from([0, 255, 13, 10])],
    ['RPUSH', 'l', 'x', 'y'],
    ['LRANGE', 'l', '0', '-1'],
    ['SMEMBERS', 'missing'],
    ['HGETALL', 'missing'],
    ['EXEC'],
    ['GET', 'a'],
    ['EXEC'],
    ['MULTI'],
    ['EXEC'],
  ]);
});

lockstep('DISCARD drops the queue', async (both) => {
  await both.all([
    ['DISCARD'],
    ['MULTI'],
    ['SET', 'a', '1'],
    ['DISCARD'],
    ['EXISTS', 'a'],
    ['DISCARD'],
    ['EXEC'],
    ['DISCARD', 'x'],
    ['MULTI', 'x'],
    ['EXEC', 'x'],
    ['UNWATCH', 'x'],
    ['WATCH'],
  ]);
});

lockstep('an error while queueing aborts the transaction', { resp: 'both' }, async (both) => {
  for (const wrong of [
    ['NOSUCH'],
    ['NOSUCH', 'a', 'b'],
    ['GET'],
    ['GET', 'a', 'b'],
    ['CLIENT'],
    ['CLIENT', 'NOSUCH'],
    ['CLIENT', 'ID', 'x'],
    ['OBJECT', 'ENCODING'],
    ['DISCARD', 'x'],
    ['WATCH'],
    ['MULTI', 'x'],
  ]) {
    await both.all([['MULTI'], ['SET', 'a', '1'], wrong, ['SET', 'b', '2'], ['EXEC'], ['EXISTS', 'a', 'b']]);
  }
});

lockstep('a refused EXEC ends the transaction', async (both) => {
  await both.all([
    ['MULTI'],
    ['SET', 'a', '1'],
    ['EXEC', 'x'],
    ['SET', 'b', '2'],
    ['EXEC'],
    ['MULTI'],
    ['DISCARD', 'x'],
    ['EXEC'],
    ['EXISTS', 'a', 'b'],
  ]);
});

lockstep('commands that are errors of their own inside MULTI do not abort it', { resp: 'both' }, async (both) => {
  await both.all([['MULTI'], ['MULTI'], ['WATCH', 'a'], ['SET', 'a', '1'], ['EXEC'], ['GET', 'a']]);
});

lockstep('errors inside EXEC stand among its replies and stop nothing', { resp: 'both' }, async (both) => {
  await both.all([
    ['SET', 's', 'text'],
    ['MULTI'],
    ['INCR', 's'],
    ['LPUSH', 's', 'x'],
    ['SET', 'after', '1'],
    ['SELECT', '99'],
    ['HELLO', '9'],
    ['CLIENT', 'KILL', 'nowhere'],
    ['SET', 's', 'x', 'NONSENSE'],
    ['AUTH', 'x'],
    ['EXEC'],
    ['GET', 'after'],
  ]);
});

lockstep('SELECT inside EXEC lasts', async (both) => {
  await both.all([
    ['MULTI'],
    ['SET', 'a', 'zero'],
    ['SELECT', '5'],
    ['SET', 'a', 'five'],
    ['EXEC'],
    ['GET', 'a'],
    ['MULTI'],
    ['SELECT', '0'],
    ['DISCARD'],
    ['GET', 'a'],
    ['SELECT', '0'],
    ['GET', 'a'],
  ]);
});

lockstep('HELLO inside EXEC changes the protocol from there on', async (both) => {
  await both.all([['MULTI'], ['GET', 'a'], ['EXEC']]);
  const run = async (client: typeof both.redis): Promise<string[]> => {
    const replies = await client.pipeline([
      ['MULTI'],
      ['GET', 'a'],
      ['HELLO', '3'],
      ['GET', 'a'],
      ['EXEC'],
      ['GET', 'a'],
    ]);
    return replies.map((reply) => reply.toString('latin1').replaceAll(/\$\d+\r\n7\.[\d.]+|id\r\n:\d+/g, '#'));
  };
  assert.deepStrictEqual(await run(both.headwater), await run(both.redis));
});

/** WATCHes, lets another client act, and compares what EXEC says. */
async function watched(
  both: Both,
  act: (other: Both) => Promise<void>,
  keys: readonly string[] = ['k'],
): Promise<void> {
  const other = await both.open({ resp: 2 });
  await both('WATCH', ...keys);
  await act(other);
  await both.all([['MULTI'], ['SET', 'done', '1'], ['EXEC'], ['DEL', 'done']]);
  // The watch is over, whatever came of it.
  await act(other);
  await both.all([['MULTI'], ['PING'], ['EXEC']]);
  await both('FLUSHALL');
}

lockstep('a watched key that changes makes EXEC fail', { resp: 'both' }, async (both) => {
  await watched(both, async (other) => void (await other('SET', 'k', '1')));
  await both('SET', 'k', '1');
  await watched(both, async (other) => void (await other('SET', 'k', '1')));
  await watched(both, async (other) => void (await other('SET', 'j', '1')));
  await watched(both, async (other) => void (await other('SET', 'j', '1')), ['a', 'b', 'j']);
  await both('SET', 'k', '1');
  await watched(both, async (other) => void (await other('DEL', 'k')));
  await both('SET', 'k', '1');
  await watched(both, async (other) => void (await other('GET', 'k')));
  await both('SET', 'k', '1');
  await watched(both, async (other) => void (await other('EXPIRE', 'k', '100')));
  await both('SET', 'k', '1');
  await watched(both, async (other) => void (await other('PERSIST', 'k')));
  await both('SET', 'k', '1');
  await watched(both, async (other) => void (await other('LPUSH', 'k', 'wrong type')));
  await watched(both, async (other) => void (await other('LPUSH', 'k', 'x')));
  await both('SET', 'k', '1');
  await watched(both, async (other) => void (await other('RENAME', 'k', 'j')));
  await watched(both, async (other) =>
    other.all([
      ['SET', 'j', '1'],
      ['RENAME', 'j', 'k'],
    ]),
  );
  await both('SADD', 'k', 'm');
  await watched(both, async (other) => void (await other('SADD', 'k', 'm')));
  await both('SADD', 'k', 'm');
  await watched(both, async (other) => void (await other('SREM', 'k', 'm')));
  await watched(both, async (other) => void (await other('DEL', 'k')));
  await watched(both, async (other) => void (await other('SUNIONSTORE', 'k', 'none')));
});

lockstep('a change of the same client counts too', async (both) => {
  await both.all([
    ['WATCH', 'k'],
    ['SET', 'k', '1'],
    ['MULTI'],
    ['GET', 'k'],
    ['EXEC'],
    ['WATCH', 'k'],
    ['MULTI'],
    ['SET', 'k', '2'],
    ['EXEC'],
    ['GET', 'k'],
  ]);
});

lockstep('UNWATCH, DISCARD and EXEC forget the watched keys and that they changed', async (both) => {
  const other = await both.open();
  for (const forget of [
    [['UNWATCH']],
    [['MULTI'], ['DISCARD']],
    [['MULTI'], ['EXEC']],
    [['RESET']],
    [['MULTI'], ['EXEC', 'x']],
  ]) {
    await both('WATCH', 'k');
    await other('INCR', 'k');
    await both.all(forget);
    await both.all([['MULTI'], ['GET', 'k'], ['EXEC']]);
  }
});

lockstep('UNWATCH inside MULTI is queued and does not undo the change', async (both) => {
  const other = await both.open();
  await both('WATCH', 'k');
  await other('SET', 'k', '1');
  await both.all([['MULTI'], ['UNWATCH'], ['GET', 'k'], ['EXEC'], ['MULTI'], ['UNWATCH'], ['EXEC']]);
});

lockstep('a queueing error wins over a changed key', async (both) => {
  const other = await both.open();
  await both('WATCH', 'k');
  await other('SET', 'k', '1');
  await both.all([['MULTI'], ['NOSUCH'], ['EXEC']]);
});

lockstep('FLUSHALL and FLUSHDB touch watched keys that exist', async (both) => {
  for (const flush of [['FLUSHALL'], ['FLUSHDB'], ['FLUSHALL', 'ASYNC'], ['FLUSHDB', 'ASYNC']]) {
    await both('SET', 'k', '1');
    await watched(both, async (other) => void (await other(...flush)));
    await watched(both, async (other) => void (await other(...flush)));
    await both('SET', 'other', '1');
    await watched(both, async (other) => void (await other(...flush)));
  }
  // Another database.
  await both('SET', 'k', '1');
  await watched(both, async (other) => other.all([['SELECT', '1'], ['FLUSHDB']]));
  await both('SET', 'k', '1');
  await watched(both, async (other) =>
    other.all([
      ['SELECT', '1'],
      ['SET', 'k', '1'],
      ['SELECT', '0'],
    ]),
  );
});

lockstep('SWAPDB touches watched keys that exist before or after', async (both) => {
  const swap = async (other: Both): Promise<void> => void (await other('SWAPDB', '0', '1'));
  await watched(both, swap);
  await both('SET', 'k', '1');
  await watched(both, swap);
  await both.all([
    ['SELECT', '1'],
    ['SET', 'k', '1'],
    ['SELECT', '0'],
  ]);
  await watched(both, swap);
  await both('SET', 'j', '1');
  await watched(both, swap);
  await both('SET', 'k', '1');
  await watched(both, async (other) => void (await other('SWAPDB', '2', '3')));
});

lockstep('a value past its time that SWAPDB brings to a missing watched key does not count', async (both) => {
  await both.redis.ok('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
  await both.headwater.ok('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
  const swap = async (other: Both): Promise<void> => void (await other('SWAPDB', '0', '1'));
  const stale = async (database: string): Promise<void> =>
    both.all([
      ['SELECT', database],
      ['SET', 'k', database, 'PX', '1'],
      ['SELECT', '0'],
    ]);
  await stale('1');
  await passed(1);
  await watched(both, swap);
  await both('FLUSHALL');
  await stale('0');
  await stale('1');
  await passed(1);
  await watched(both, swap);
  await both('FLUSHALL');
  // It was there when WATCH saw it.
  await both('SET', 'k', '1');
  await stale('1');
  await passed(1);
  await watched(both, swap);
  // What a client sets in its place is a change.
  await both('FLUSHALL');
  await stale('1');
  await passed(1);
  await watched(both, async (other) =>
    other.all([
      ['SWAPDB', '0', '1'],
      ['SET', 'k', '2'],
    ]),
  );
  await both.redis.ok('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
  await both.headwater.ok('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
});

lockstep('a key that expires while it is watched makes EXEC fail', async (both) => {
  await both('SET', 'k', '1', 'PX', '30');
  await both('WATCH', 'k');
  await passed(30);
  await both.all([['MULTI'], ['PING'], ['EXEC'], ['EXISTS', 'k']]);
});

lockstep('a key that had expired before it was watched does not count', async (both) => {
  await both.redis.ok('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
  await both.headwater.ok('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
  try {
    await both('SET', 'k', '1', 'PX', '10');
    await passed(10);
    await both.all([['WATCH', 'k'], ['MULTI'], ['PING'], ['EXEC']]);
    await both('SET', 'k', '1', 'PX', '10');
    await passed(10);
    // Its deletion is no change either; to make it again is.
    await both.all([['WATCH', 'k'], ['EXISTS', 'k'], ['MULTI'], ['PING'], ['EXEC']]);
    await both('SET', 'k', '1', 'PX', '10');
    await passed(10);
    await both.all([['WATCH', 'k'], ['SET', 'k', '2'], ['MULTI'], ['PING'], ['EXEC']]);
  } finally {
    await both.redis.ok('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
    await both.headwater.ok('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
  }
});

/** The wall clock moved on by more than this: a key with such a TTL is past its time on both servers. */
async function passed(milliseconds: number): Promise<void> {
  const until = Date.now() + milliseconds + 2;
  await waitFor(() => Date.now() > until, { what: 'the clock' });
}

lockstep('the same key watched twice, and many keys', async (both) => {
  const other = await both.open();
  const keys = Array.from({ length: 1000 }, (_, i) => `k${i}`);
  await both('WATCH', ...keys, ...keys);
  await other('SET', 'k999', '1');
  await both.all([['MULTI'], ['EXEC'], ['MULTI'], ['EXEC']]);
});

lockstep('a watch belongs to its database', async (both) => {
  const other = await both.open();
  await both('WATCH', 'k');
  await other.all([
    ['SELECT', '3'],
    ['SET', 'k', '1'],
  ]);
  await both.all([['MULTI'], ['EXEC'], ['WATCH', 'k'], ['SELECT', '3']]);
  await other.all([
    ['SELECT', '0'],
    ['SET', 'k', '2'],
  ]);
  await both.all([['MULTI'], ['EXEC']]);
});

lockstep('CLIENT INFO shows the state of a transaction', async (both) => {
  const other = await both.open();
  const state = async (): Promise<void> => {
    const of = async (client: typeof both.redis): Promise<string> => {
      const line = String(await client.ok('CLIENT', 'INFO'));
      return /flags=\S+/.exec(line)![0] + /multi=\S+/.exec(line)![0];
    };
    assert.strictEqual(await of(both.headwater), await of(both.redis));
  };
  await state();
  await both('WATCH', 'k');
  await other('SET', 'k', '1');
  await state();
  await both('UNWATCH');
  await state();
  // Inside EXEC.
  const inside = async (client: typeof both.redis): Promise<string[]> => {
    const replies = await client.pipeline([['MULTI'], ['PING'], ['CLIENT', 'INFO'], ['EXEC']]);
    return String(replies[3]).match(/(?:flags|multi|cmd)=\S+/g)!;
  };
  assert.deepStrictEqual(await inside(both.headwater), await inside(both.redis));
});

lockstep('thousands of commands in one transaction', async (both) => {
  const commands = Array.from({ length: 5000 }, (_, i) => ['INCRBY', `k${i % 7}`, String(i)]);
  await both.pipeline([['MULTI'], ...commands, ['EXEC']]);
  await both('GET', 'k3');
});
