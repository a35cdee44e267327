/** What the stream commands send to replicas, and which keyspace events they publish, compared with redis-server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockstep } from '../support/lockstep.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { counter, linkUp, sameOffset } from '../support/replication.ts';
import type { Reply } from '../support/resp.ts';
import { type Effects, streamLockstep } from '../support/stream-lockstep.ts';
import { waitFor } from '../support/wait.ts';

/** Times and the ids made of them differ between two servers. */
const TIME = /\b1[6-9]\d{11}\b/g;

/**
 * What Redis 7.0 sends too when entries were read: how far the group has come since is sent from 7.4 on, and that a consumer looked
 * for entries in vain by Headwater only.
 */
const withoutProgress = (effects: Effects): Effects =>
  effects.filter(
    ([name, sub]) => !['MULTI', 'EXEC', 'SELECT'].includes(name!) && sub !== 'SETID' && sub !== 'CREATECONSUMER',
  );

const { servers, streams } = streamLockstep({
  prepare: (client) => client.ok('CONFIG', 'SET', 'stream-node-max-entries', 10),
  reply: (text) => text.replace(TIME, 'TIME'),
  effects: (all, command) => {
    const words = all.map((one) => one.map((word) => word.replace(TIME, 'TIME')));
    return /^(XREADGROUP(?!.*NOACK)|EXEC)/.test(command) ? withoutProgress(words) : words;
  },
});

const entries = (key: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `XADD ${key} ${i + 1}-1 f ${i}`);

streams('XADD propagates with its id, and trims exactly', [
  'XADD s 1-1 f v',
  'xadd s * f v',
  'XADD s NOMKSTREAM * f v g w',
  'XADD none NOMKSTREAM * f v',
  'XADD s 99999999999999-* f v',
  'XADD s 99999999999999-* f v',
  'XADD s 1-1 f v',
  'DEL s',
  ...entries('s', 35),
  'XADD s MAXLEN 30 100-1 f v',
  'XADD s MAXLEN = 29 101-1 f v',
  'XADD s MAXLEN ~ 12 102-1 f v',
  'XADD s MAXLEN ~ 12 103-* f v',
  'XADD s maxlen ~ 5 LIMIT 10 104-1 f v',
  'XADD s MAXLEN ~ 5 LIMIT 3 105-1 f v',
  'XADD s MAXLEN ~ 1000 NOMKSTREAM 106-1 f v',
  'XADD s MINID 30 107-1 f v',
  'XADD s MINID ~ 101 108-1 f v',
  'XADD s MINID ~ 103 LIMIT 100 109-* f v',
  'XADD s MINID = 104-0 110-1 f v',
  'XDEL s 104-1 105-1 7-7',
  'XDEL s 104-1',
  'XADD s MINID ~ 1 111-1 f v',
  'XADD s MAXLEN 0 112-1 f v',
  'XADD s MINID ~ 1 113-1 f v',
  'XADD s MAXLEN ~ 0 114-1 f v',
]);

streams('XTRIM, XDEL and XSETID', [
  ...entries('s', 40),
  'XTRIM s MAXLEN 50',
  'XTRIM s MAXLEN ~ 38',
  'XTRIM s MAXLEN ~ 28',
  'XTRIM s MAXLEN = 27',
  'XTRIM s MAXLEN ~ 5 LIMIT 7',
  'XTRIM s MAXLEN ~ 5 LIMIT 17',
  'XTRIM s MINID ~ 25-1',
  'XTRIM s MINID ~ 33-1',
  'XTRIM s MINID 35-1',
  'XTRIM s MAXLEN ~ 0',
  'XTRIM none MAXLEN 0',
  'XSETID s 90-1',
  'XSETID s 95-1 ENTRIESADDED 100 MAXDELETEDID 94',
]);

streams('consumer groups propagate what became of them', [
  ...entries('s', 9),
  'XGROUP CREATE s g 0',
  'XGROUP CREATE s g 0',
  'XGROUP CREATE made g $ MKSTREAM',
  'XGROUP CREATE s h 2-1 ENTRIESREAD 2',
  'XREADGROUP GROUP g alice COUNT 2 STREAMS s >',
  'XREADGROUP GROUP g alice COUNT 2 STREAMS s made > >',
  'XREADGROUP GROUP g alice STREAMS s 0',
  'XREADGROUP GROUP g idle STREAMS s 0',
  'XREADGROUP GROUP g bob NOACK COUNT 2 STREAMS s >',
  'XREADGROUP GROUP g bob NOACK COUNT 1 STREAMS s >',
  'XREADGROUP GROUP h bob COUNT 1 STREAMS s >',
  'XREADGROUP GROUP g alice STREAMS s >',
  'XREADGROUP GROUP g alice STREAMS s >',
  'XREADGROUP GROUP none alice STREAMS s >',
  'XACK s g 1-1 1-1 99-1',
  'XACK s g 1-1',
  'XCLAIM s g carol 0 2-1 3',
  'XCLAIM s g carol 0 3-1 JUSTID IDLE 0',
  'XCLAIM s g carol 1000000 4-1',
  'XCLAIM s g dave 0 5-1 FORCE RETRYCOUNT 5',
  'XCLAIM s g dave 0 77-1 FORCE LASTID 50-1',
  'XCLAIM s g dave 0 77-1 LASTID 20-1',
  'XDEL s 3-1 8-1',
  'XCLAIM s g dave 0 3-1',
  'XAUTOCLAIM s g eve 0 0 COUNT 3',
  'XAUTOCLAIM s g eve 1000000 0 COUNT 3',
  'XAUTOCLAIM s g alice 0 5-1 JUSTID',
  'XGROUP CREATECONSUMER s g frank',
  'XGROUP CREATECONSUMER s g frank',
  'XGROUP SETID s g 3-1',
  'XREADGROUP GROUP g frank COUNT 2 STREAMS s >',
  'XGROUP DELCONSUMER s g alice',
  'XGROUP DELCONSUMER s g none',
  'XGROUP DESTROY s g',
  'XGROUP DESTROY s g',
  'MULTI',
  'XADD s 200-1 f v',
  'XREADGROUP GROUP h bob STREAMS s >',
  'XADD s * f v',
  'EXEC',
  'COPY s copied',
  'RENAME copied renamed',
]);

test(
  'groups of a replica know how much they have read, and consumers that found nothing',
  { timeout: 60_000 },
  async (t) => {
    const [, headwater] = await servers;
    const replica = await startRedis(['--replicaof', `127.0.0.1 ${headwater.port}`]);
    t.after(() => replica.stop());
    const nodes = await Promise.all([headwater, replica].map(({ port }) => connectRaw(port)));
    t.after(() => Promise.all(nodes.map((node) => node.close())));
    const [master, follower] = nodes as [RawClient, RawClient];
    await linkUp(follower);
    await master.ok('DEL', 's');
    await master.ok('XGROUP', 'CREATE', 's', 'g', '0', 'MKSTREAM');
    const waiting = await connectRaw(headwater.port);
    const read = waiting.ok('XREADGROUP', 'GROUP', 'g', 'waiting', 'BLOCK', 0, 'STREAMS', 's', '>');
    await waitFor(async () => (await counter(master, 'blocked_clients')) === 1, { what: 'the reader to wait' });
    for (const command of entries('s', 5)) await master.ok(...command.split(' '));
    await read;
    await waiting.close();
    await master.ok('XREADGROUP', 'GROUP', 'g', 'reading', 'COUNT', 2, 'STREAMS', 's', '>');
    await master.ok('XREADGROUP', 'GROUP', 'g', 'looking', 'STREAMS', 's', '0');
    await sameOffset(nodes);
    const [theirs, ours] = await Promise.all(nodes.map((node) => node.ok('XINFO', 'GROUPS', 's')));
    assert.deepEqual(ours, theirs);
    assert.deepEqual((theirs as Reply[][])[0]!.slice(1, 4), ['g', 'consumers', 3]);
    assert.deepEqual((theirs as Reply[][])[0]!.slice(8), ['entries-read', 3, 'lag', 2]);
  },
);

lockstep('keyspace events of streams come in the order of Redis', async (both) => {
  const listener = await both.open();
  await both('CONFIG', 'SET', 'notify-keyspace-events', 'KEA');
  await listener('PSUBSCRIBE', '__key*__:*');
  const events = async (count: number, ...command: string[]): Promise<void> => {
    await both(...command);
    // Each comes as a message of the key and one of the event.
    for (let i = 0; i < count * 2; i++) await listener.reply();
  };
  await events(1, 'XADD', 's', '1-1', 'f', 'v');
  await events(2, 'XADD', 's', 'MAXLEN', '1', '2-1', 'f', 'v');
  await events(1, 'XADD', 's', 'MAXLEN', '5', '3-1', 'f', 'v');
  await events(1, 'XTRIM', 's', 'MAXLEN', '1');
  await events(0, 'XTRIM', 's', 'MAXLEN', '1');
  await events(1, 'XGROUP', 'CREATE', 's', 'g', '0');
  await events(1, 'XGROUP', 'CREATE', 'made', 'g', '0', 'MKSTREAM');
  await events(1, 'XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '>');
  await events(0, 'XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '0');
  await events(1, 'XCLAIM', 's', 'g', 'd', '0', '3-1', 'JUSTID');
  await events(1, 'XAUTOCLAIM', 's', 'g', 'e', '0', '0', 'JUSTID');
  await events(1, 'XGROUP', 'CREATECONSUMER', 's', 'g', 'f');
  await events(0, 'XGROUP', 'CREATECONSUMER', 's', 'g', 'f');
  await events(1, 'XGROUP', 'DELCONSUMER', 's', 'g', 'e');
  await events(0, 'XGROUP', 'DELCONSUMER', 's', 'g', 'e');
  await events(1, 'XGROUP', 'SETID', 's', 'g', '0');
  await events(0, 'XACK', 's', 'g', '3-1');
  await events(1, 'XSETID', 's', '9-1');
  await events(1, 'XDEL', 's', '3-1');
  await events(0, 'XDEL', 's', '3-1');
  await events(1, 'XGROUP', 'DESTROY', 's', 'g');
  await events(0, 'XGROUP', 'DESTROY', 's', 'g');
  await events(1, 'DEL', 's');
  await both('CONFIG', 'SET', 'notify-keyspace-events', '');
});

lockstep('commands on groups do not touch watched keys, those on entries do', async (both) => {
  const other = await both.open();
  await both('XGROUP', 'CREATE', 's', 'g', '0', 'MKSTREAM');
  await both('XADD', 's', '1-1', 'f', 'v');
  for (const command of [
    ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '>'],
    ['XACK', 's', 'g', '1-1'],
    ['XGROUP', 'CREATE', 's', 'h', '0'],
    ['XGROUP', 'CREATE', 'new', 'h', '0', 'MKSTREAM'],
    ['XGROUP', 'SETID', 's', 'g', '0'],
    ['XGROUP', 'DESTROY', 's', 'h'],
    ['XCLAIM', 's', 'g', 'c', '0', '1-1', 'FORCE', 'JUSTID', 'TIME', '1'],
    ['XSETID', 's', '5-1'],
    ['XADD', 's', '6-1', 'f', 'v'],
    ['XTRIM', 's', 'MAXLEN', '1'],
    ['XTRIM', 's', 'MAXLEN', '1'],
    ['XDEL', 's', '6-1'],
    ['XDEL', 's', '6-1'],
  ]) {
    await both('WATCH', 's', 'new');
    await other(...command);
    await both('MULTI');
    await both('PING');
    await both('EXEC');
  }
});
