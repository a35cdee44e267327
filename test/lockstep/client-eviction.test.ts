/** maxmemory-clients: the largest clients go, whichever way they grow, unless they are protected. */
import assert from 'node:assert/strict';
import { lockstep, type Both } from '../support/lockstep.ts';
import { waitFor } from '../support/wait.ts';

const MIB = 1024 * 1024;

async function evicted(both: Both, count: number): Promise<void> {
  for (const client of [both.redis, both.headwater])
    await waitFor(async () => String(await client.ok('INFO', 'stats')).includes(`\r\nevicted_clients:${count}\r\n`), {
      what: `${count} evicted clients`,
    });
}

/** Half of a command. The real server makes room for all of it at once. */
function sendHalf(both: Both, bytes: number): void {
  for (const client of [both.redis, both.headwater])
    client.send(Buffer.concat([Buffer.from(`*2\r\n$4\r\nECHO\r\n$${2 * bytes}\r\n`), Buffer.alloc(bytes, 'x')]));
}

async function limitedTo(both: Both, limit: string, body: () => Promise<void>): Promise<void> {
  await both('CONFIG', 'RESETSTAT');
  await both('CONFIG', 'SET', 'maxmemory-clients', limit);
  try {
    await body();
  } finally {
    await both('CONFIG', 'SET', 'maxmemory-clients', '0', 'maxmemory', '0');
  }
}

lockstep('a client with a large query goes, others stay; NO-EVICT protects', async (both) => {
  const [large, small, safe] = [await both.open(), await both.open(), await both.open()];
  await limitedTo(both, '20mb', async () => {
    await safe('CLIENT', 'NO-EVICT', 'on');
    sendHalf(small, MIB);
    sendHalf(large, 24 * MIB);
    await evicted(both, 1);
    assert.equal(await large.closes(), '');
    // Now the largest is protected: others go instead.
    await both('CLIENT', 'NO-EVICT', 'on');
    sendHalf(safe, 24 * MIB);
    await evicted(both, 2);
    assert.equal(await small.closes(), '');
    assert.deepEqual([safe.redis.closed, safe.headwater.closed], [false, false]);
  });
});

lockstep('replies that nobody reads and queues of transactions count', async (both) => {
  const [reader, queue] = [await both.open(), await both.open()];
  await both('SET', 'big', 'x'.repeat(4 * MIB));
  await limitedTo(both, '30mb', async () => {
    for (const client of [reader.redis, reader.headwater]) {
      client.pause();
      client.send('GET big\r\n'.repeat(12));
    }
    await evicted(both, 1);
    for (const client of [queue.redis, queue.headwater]) {
      client.send('MULTI\r\n');
      const value = 'y'.repeat(4 * MIB);
      for (let i = 0; i < 9; i++) client.send(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${value.length}\r\n${value}\r\n`);
    }
    await evicted(both, 2);
  });
});

lockstep('a percentage counts of maxmemory', async (both) => {
  const large = await both.open();
  await both.headwater.ok('CONFIG', 'SET', 'maxmemory', '400mb');
  await both.redis.ok('CONFIG', 'SET', 'maxmemory', '400mb');
  await limitedTo(both, '5%', async () => {
    sendHalf(large, 24 * MIB);
    await evicted(both, 1);
  });
});

lockstep('the limit counts when it is set', async (both) => {
  const large = await both.open();
  sendHalf(large, 24 * MIB);
  for (const client of [both.redis, both.headwater])
    await waitFor(async () => / qbuf=2[0-9]{7} /.test(String(await client.ok('CLIENT', 'LIST'))), {
      what: 'the query',
    });
  await limitedTo(both, '20mb', () => evicted(both, 1));
  assert.equal(await large.closes(), '');
});

lockstep('what is held for the rest of a query counts', async (both) => {
  const waiting = await both.open();
  await waiting('CLIENT', 'SETNAME', 'waiting');
  const sides = [
    [waiting.redis, both.redis],
    [waiting.headwater, both.headwater],
  ] as const;
  for (const [sender, observer] of sides) {
    sender.send(`*2\r\n$4\r\nECHO\r\n$1000000\r\n${'x'.repeat(1000)}`);
    await waitFor(
      async () => {
        // Room for more than one piece is made with the second.
        sender.send('x'.repeat(100));
        const list = String(await observer.ok('CLIENT', 'LIST'));
        const figures = /name=waiting .*qbuf=(\d+) qbuf-free=(\d+) .*tot-mem=(\d+)/.exec(list)!;
        const [held, free, total] = figures.slice(1).map(Number);
        return held! >= 1000 && free! > 0 && total! >= held! + free!;
      },
      { what: 'room for more of the query' },
    );
  }
});
