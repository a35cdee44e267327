/** Pub/sub against the real server: confirmations, messages, counts, what a listening client may do, and PUBSUB. */
import assert from 'node:assert/strict';
import { lockstep, type Both } from '../support/lockstep.ts';
import { infoOf } from '../support/replication.ts';
import type { RawClient } from '../support/raw-client.ts';
import { encodeCommand, type Argument } from '../support/resp.ts';
import { waitFor } from '../support/wait.ts';

type Words = readonly Argument[];

/** Sends commands in one write to both, and compares the next `replies` replies and `pushes` pushes. */
async function burst(both: Both, commands: readonly Words[], replies: number, pushes = 0): Promise<void> {
  const bytes = Buffer.concat(commands.map((one) => encodeCommand(one)));
  both.redis.send(bytes);
  both.headwater.send(bytes);
  for (let i = 0; i < replies; i++) await both.reply();
  for (let i = 0; i < pushes; i++) await both.push();
}

/** Compares all bytes up to the end of the connection. */
async function transcript(both: Both, commands: readonly Words[]): Promise<void> {
  await burst(both, [...commands, ['QUIT']], 0);
  await both.closes();
}

/** Confirmations are replies in RESP2 and pushes in RESP3. */
async function confirmed(both: Both, resp: 2 | 3, count: number, ...command: Words): Promise<void> {
  await burst(both, [command], resp === 2 ? count : 0, resp === 3 ? count : 0);
}

for (const resp of [2, 3] as const) {
  lockstep('subscribing and unsubscribing confirm each name with the count', { resp }, async (both) => {
    const steps: readonly (readonly [number, ...Words])[] = [
      [1, 'UNSUBSCRIBE'],
      [1, 'PUNSUBSCRIBE'],
      [1, 'SUNSUBSCRIBE'],
      [3, 'SUBSCRIBE', 'a', 'b', 'a'],
      [1, 'subscribe', Buffer.from([0, 13, 10, 255])],
      [1, 'SUBSCRIBE', ''],
      [2, 'PSUBSCRIBE', 'a*', '?'],
      [3, 'SSUBSCRIBE', 'a', 'b', 'a'],
      [2, 'UNSUBSCRIBE', 'nosuch', 'b'],
      [1, 'UNSUBSCRIBE', 'b'],
      [2, 'PUNSUBSCRIBE', 'nosuch', 'a*'],
      [2, 'SUNSUBSCRIBE', 'nosuch', 'b'],
      [1, 'PUNSUBSCRIBE'],
      [1, 'PUNSUBSCRIBE'],
      [2, 'UNSUBSCRIBE', '', Buffer.from([0, 13, 10, 255])],
      [1, 'UNSUBSCRIBE'],
      [1, 'SUNSUBSCRIBE'],
    ];
    for (const [count, ...command] of steps) await confirmed(both, resp, count, ...command);
    await both.all([
      ['SUBSCRIBE'],
      ['PSUBSCRIBE'],
      ['SSUBSCRIBE'],
      ['PUBLISH', 'a'],
      ['SPUBLISH', 'a', 'b', 'c'],
      ['GET', 'k'],
    ]);
  });

  lockstep('messages reach listeners of the channel, then those of patterns', { resp }, async (both) => {
    const publisher = await both.open({ resp: 2 });
    const next = (): Promise<unknown> => (resp === 2 ? both.reply() : both.push());
    await confirmed(both, resp, 2, 'SUBSCRIBE', 'news.a', 'news.b');
    await confirmed(both, resp, 1, 'PSUBSCRIBE', 'news.*');
    await confirmed(both, resp, 1, 'SSUBSCRIBE', 'news.a');
    await publisher('PUBLISH', 'news.a', 'hello');
    await next();
    await next();
    await publisher('PUBLISH', 'news.c', Buffer.from([0, 13, 10, 255]));
    await next();
    await publisher('SPUBLISH', 'news.a', '');
    await next();
    await publisher('SPUBLISH', 'news.b', 'x');
    await publisher('PUBLISH', 'other', 'x');
    await publisher('PUBLISH', 'NEWS.A', 'x');
    const other = await both.open({ resp: 3 });
    await confirmed(other, 3, 1, 'SUBSCRIBE', 'news.b');
    await publisher('PUBLISH', 'news.b', 'x'.repeat(100_000));
    await next();
    await next();
    await other.push();
    // Nothing else came in between.
    await publisher('PUBLISH', 'news.a', 'last');
    await next();
    await next();
  });
}

lockstep('in RESP2 a listening client may do nothing else, and PING answers as a message', async (both) => {
  await both('SSUBSCRIBE', 'a');
  await both.all([
    ['GET', 'k'],
    ['GET'],
    ['nosuch'],
    ['SET', 'k', 'v'],
    ['PUBLISH', 'a', 'b'],
    ['SPUBLISH', 'a', 'b'],
    ['PUBSUB', 'CHANNELS'],
    ['PUBSUB', 'NUMPAT'],
    ['CLIENT', 'ID'],
    ['CLIENT', 'REPLY', 'ON'],
    ['HELLO', '3'],
    ['MULTI'],
    ['EXEC'],
    ['WATCH', 'k'],
    ['PING'],
    ['PING', ''],
    ['ping', 'message'],
    ['PING', 'a', 'b'],
    ['SUNSUBSCRIBE', 'a'],
    ['PING'],
    ['PING', 'message'],
    ['GET', 'k'],
  ]);
});

lockstep('in RESP3 a listening client may do everything', { resp: 3 }, async (both) => {
  await confirmed(both, 3, 1, 'SUBSCRIBE', 'a');
  await both.all([['SET', 'k', 'v'], ['GET', 'k'], ['PING'], ['PING', 'x'], ['MULTI'], ['GET', 'k'], ['EXEC']]);
  await both('PUBLISH', 'a', 'to myself');
  await both.push();
  await burst(both, [['PING'], ['PUBLISH', 'a', '1'], ['GET', 'k'], ['PUBLISH', 'a', '2'], ['ECHO', 'end']], 5, 2);
  // Back to RESP2 as a listener: from now on messages are plain arrays.
  await both.shape('HELLO', '2');
  await both.error('GET', 'k');
  const publisher = await both.open({ resp: 2 });
  await publisher('PUBLISH', 'a', 'x');
  await both.reply();
  await both('UNSUBSCRIBE', 'a');
  await both('GET', 'k');
});

lockstep('a publisher that listens itself gets the message before the reply', { digests: false }, async (both) => {
  // Inside EXEC even a RESP2 client can publish to itself, and there the order of all bytes can be seen.
  await transcript(both, [
    ['MULTI'],
    ['PING'],
    ['SUBSCRIBE', 'a', 'b'],
    ['PSUBSCRIBE', 'a*'],
    ['PUBLISH', 'a', 'x'],
    ['PING'],
    ['PUBLISH', 'b', 'y'],
    ['PING', 'm'],
    ['UNSUBSCRIBE', 'b'],
    ['PUBLISH', 'b', 'z'],
    ['EXEC'],
    ['PING'],
  ]);
});

lockstep('SUBSCRIBE and PUBLISH work inside MULTI', { resp: 'both' }, async (both) => {
  const listener = await both.open({ resp: 2 });
  await listener('SUBSCRIBE', 'a');
  await both('MULTI');
  await both.all([['PUBLISH', 'a', '1'], ['SET', 'k', 'v'], ['SPUBLISH', 'a', 'x'], ['PUBLISH', 'a', '2'], ['EXEC']]);
  await listener.reply();
  await listener.reply();
  await both.all([['MULTI'], ['PUBLISH', 'a'], ['EXEC']]);
});

lockstep('CLIENT REPLY OFF and SKIP do not silence confirmations and messages', async (both) => {
  await burst(
    both,
    [['PING'], ['CLIENT', 'REPLY', 'OFF'], ['SUBSCRIBE', 'a', 'b'], ['PING'], ['GET', 'k'], ['UNSUBSCRIBE', 'b']],
    4,
  );
  const publisher = await both.open();
  await publisher('PUBLISH', 'a', 'x');
  await both.reply();
  await burst(
    both,
    [['UNSUBSCRIBE'], ['CLIENT', 'REPLY', 'ON'], ['CLIENT', 'REPLY', 'SKIP'], ['SUBSCRIBE', 'c'], ['PING']],
    4,
  );
});

lockstep('a silenced publisher gets its own messages', { resp: 3 }, async (both) => {
  await burst(
    both,
    [
      ['CLIENT', 'REPLY', 'OFF'],
      ['SUBSCRIBE', 'a'],
      ['PUBLISH', 'a', '1'],
      ['MULTI'],
      ['PUBLISH', 'a', '2'],
      ['EXEC'],
      ['CLIENT', 'REPLY', 'ON'],
      ['PING'],
    ],
    2,
    3,
  );
});

lockstep('messages keep their places among the replies of the one who gets them', async (both) => {
  const publisher = await both.open();
  await both('SUBSCRIBE', 'a');
  const messages = Array.from({ length: 300 }, (_, i): Words => [
    'PUBLISH',
    'a',
    `${i}`.padEnd(1 + (i % 7) * 900, '.'),
  ]);
  await publisher.pipeline([...messages, ['PING']]);
  for (let i = 0; i < 300; i++) await both.reply();
  await both('PING');
  await publisher.pipeline([
    ['PUBLISH', 'a', '1'],
    ['SET', 'k', 'v'],
    ['PUBLISH', 'b', '2'],
    ['PUBLISH', 'a', '3'],
  ]);
  await both.reply();
  await both.reply();
  await both('UNSUBSCRIBE');
});

lockstep('PUBSUB tells who listens to what', { resp: 'both' }, async (both) => {
  const first = await both.open({ resp: 2 });
  const second = await both.open({ resp: 2 });
  await burst(first, [['SUBSCRIBE', 'a', 'b', 'news.1']], 3);
  await burst(first, [['PSUBSCRIBE', 'a*', 'b*']], 2);
  await burst(first, [['SSUBSCRIBE', 'a', 's.1']], 2);
  await burst(
    second,
    [
      ['SUBSCRIBE', 'a'],
      ['PSUBSCRIBE', 'a*'],
      ['SSUBSCRIBE', 's.1'],
    ],
    3,
  );
  const ask = async (): Promise<void> => {
    for (const kind of ['CHANNELS', 'SHARDCHANNELS']) {
      await both.unordered('PUBSUB', kind);
      for (const pattern of ['*', 'news.*', '?', 's.[1-2]', 'nosuch', ''])
        await both.unordered('PUBSUB', kind, pattern);
      await both.error('PUBSUB', kind, 'a', 'b');
    }
    await both.all([
      ['PUBSUB', 'NUMSUB'],
      ['PUBSUB', 'NUMSUB', 'a', 'b', 'nosuch', 'a', 's.1'],
      ['pubsub', 'numsub', ''],
      ['PUBSUB', 'SHARDNUMSUB'],
      ['PUBSUB', 'SHARDNUMSUB', 'a', 's.1', 'nosuch'],
      ['PUBSUB', 'NUMPAT'],
      ['PUBSUB', 'NUMPAT', 'x'],
      ['PUBSUB'],
      ['PUBSUB', 'NOSUCH'],
      ['PUBSUB', 'HELP', 'x'],
    ]);
  };
  await ask();
  for (const field of ['pubsub_channels', 'pubsub_patterns', 'pubsubshard_channels']) {
    const [ours, theirs] = await Promise.all(
      [both.headwater, both.redis].map(async (client) => (await infoOf(client, 'stats')).get(field)),
    );
    assert.equal(ours, theirs, field);
  }
  await first('RESET');
  await ask();
  await second('SUNSUBSCRIBE', 's.1');
  await ask();
  await both.shape('PUBSUB', 'SHARDCHANNELS');
  const [ours] = (await both.headwater.ok('PUBSUB', 'HELP')) as readonly string[];
  assert.match(ours!, /^PUBSUB <subcommand>/);
});

lockstep('CLIENT LIST shows listeners', async (both) => {
  const listener = await both.open();
  const ids = [await listener.headwater.ok('CLIENT', 'ID'), await listener.redis.ok('CLIENT', 'ID')];
  const same = async (): Promise<void> => {
    const [ours, theirs] = await Promise.all(
      [both.headwater, both.redis].map(async (client, i) => {
        const line = String(await client.ok('CLIENT', 'LIST', 'ID', String(ids[i])));
        const typed = String(await client.ok('CLIENT', 'LIST', 'TYPE', 'pubsub'));
        return [...(line.match(/\b(flags|sub|psub|ssub|cmd)=\S+/g) ?? []), typed.split('\n').length];
      }),
    );
    assert.deepEqual(ours, theirs);
  };
  await burst(listener, [['SUBSCRIBE', 'a', 'b']], 2);
  await same();
  await burst(
    listener,
    [
      ['PSUBSCRIBE', 'a*'],
      ['SSUBSCRIBE', 'x', 'y', 'z'],
    ],
    4,
  );
  await same();
  await burst(listener, [['UNSUBSCRIBE', 'a', 'b'], ['PUNSUBSCRIBE']], 3);
  await same();
  await burst(listener, [['SUNSUBSCRIBE', 'x', 'y', 'z']], 3);
  await same();
  await listener('SUBSCRIBE', 'a');
  await both('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await both('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await listener.closes();
  await both('PUBLISH', 'a', 'x');
});

lockstep('whoever resets, quits or goes away listens no more', async (both) => {
  const leaves: readonly ((one: Both) => Promise<unknown>)[] = [
    (one) => one('RESET'),
    (one) => one('QUIT'),
    async (one) => {
      await Promise.all([one.redis.close(), one.headwater.close()]);
    },
  ];
  for (const leave of leaves) {
    const one = await both.open();
    await burst(
      one,
      [
        ['SUBSCRIBE', 'a'],
        ['PSUBSCRIBE', '*'],
        ['SSUBSCRIBE', 'a'],
      ],
      3,
    );
    await both('PUBLISH', 'a', 'x');
    await one.reply();
    await one.reply();
    await leave(one);
    const gone = (client: RawClient): Promise<unknown> =>
      waitFor(async () => (await client.ok('PUBSUB', 'NUMPAT')) === 0, { what: 'the end of the subscriptions' });
    await Promise.all([gone(both.redis), gone(both.headwater)]);
    await both.all([
      ['PUBLISH', 'a', 'x'],
      ['SPUBLISH', 'a', 'x'],
      ['PUBSUB', 'CHANNELS'],
      ['PUBSUB', 'SHARDCHANNELS'],
    ]);
  }
  const one = await both.open();
  await one('SUBSCRIBE', 'a');
  await one('RESET');
  await one.all([['GET', 'k'], ['PING'], ['SUBSCRIBE', 'b']]);
});

lockstep('channels are not keys', async (both) => {
  for (const command of [
    ['SSUBSCRIBE', 'a', 'b'],
    ['SUNSUBSCRIBE', 'a'],
    ['SPUBLISH', 'a', 'b'],
    ['PUBLISH', 'a', 'b'],
    ['SUBSCRIBE', 'a'],
  ]) {
    await both('COMMAND', 'GETKEYS', ...command);
    await both('COMMAND', 'GETKEYSANDFLAGS', ...command);
  }
});

lockstep('publishing waits while writes are paused', async (both) => {
  const listener = await both.open();
  await listener('SUBSCRIBE', 'a');
  const publishers = [await both.open(), await both.open(), await both.open()];
  await both('CLIENT', 'PAUSE', '60000', 'WRITE');
  let answered = 0;
  const waiting = [
    publishers[0]!('PUBLISH', 'a', 'x'),
    publishers[1]!('SPUBLISH', 'a', 'x'),
    burst(publishers[2]!, [['MULTI'], ['PUBLISH', 'b', 'x'], ['EXEC']], 3),
  ].map((one) => one.then(() => answered++));
  // A client that only listens is served meanwhile.
  await listener('PING');
  await both('PUBSUB', 'NUMSUB', 'a');
  assert.equal(answered, 0);
  await both('CLIENT', 'UNPAUSE');
  await Promise.all(waiting);
  await listener.reply();
});
