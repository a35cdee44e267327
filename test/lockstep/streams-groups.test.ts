/** Consumer groups: XGROUP, XREADGROUP, XACK, XCLAIM, XAUTOCLAIM, XPENDING, XINFO. */
import assert from 'node:assert/strict';
import { lockstep } from '../support/lockstep.ts';
import type { Both, Command } from '../support/lockstep.ts';
import type { RawClient } from '../support/raw-client.ts';
import type { Reply } from '../support/resp.ts';
import { plainInfo } from '../support/streams.ts';

/** The same description from both servers, but for times and what Redis 7.2 added. */
async function info(both: Both, ...args: Command): Promise<void> {
  const [theirs, ours] = await Promise.all([both.redis.ok('XINFO', ...args), both.headwater.ok('XINFO', ...args)]);
  assert.deepEqual(plainInfo(ours), plainInfo(theirs));
}

/** XPENDING with a range: the same but for the idle times. */
async function pending(both: Both, ...args: Command): Promise<void> {
  const plain = (reply: Reply): unknown =>
    (reply as Reply[][]).map(([id, consumer, idle, count]) => [id, consumer, typeof idle, count]);
  const [theirs, ours] = await Promise.all([
    both.redis.ok('XPENDING', ...args),
    both.headwater.ok('XPENDING', ...args),
  ]);
  assert.deepEqual(plain(ours), plain(theirs));
}

async function describe(both: Both, key = 's'): Promise<void> {
  await info(both, 'STREAM', key, 'FULL', 'COUNT', 0);
  await both('XINFO', 'GROUPS', key);
}

async function fill(both: Both, key: string, from: number, to: number): Promise<void> {
  const commands: Command[] = [];
  for (let i = from; i <= to; i++) commands.push(['XADD', key, `${i}-1`, 'f', i]);
  await both.pipeline(commands);
}

lockstep('wrong arguments of the group commands', async (both) => {
  await both('SET', 'string', 'x');
  await fill(both, 's', 1, 3);
  await both('XGROUP', 'CREATE', 's', 'g', '0');
  for (const command of [
    ['XGROUP'],
    ['XGROUP', 'HELP', 'x'],
    ['XINFO', 'HELP', 'x'],
    ['XGROUP', 'x'],
    ['XGROUP', 'x', 's', 'g'],
    ['XGROUP', 'CREATE', 's', 'h'],
    ['XGROUP', 'CREATE', 's', 'h', 'x'],
    ['XGROUP', 'CREATE', 's', 'h', '-'],
    ['XGROUP', 'CREATE', 's', 'g', '0'],
    ['XGROUP', 'CREATE', 's', 'h', '0', 'x'],
    ['XGROUP', 'CREATE', 's', 'h', '0', 'ENTRIESREAD'],
    ['XGROUP', 'CREATE', 's', 'h', '0', 'ENTRIESREAD', 'x'],
    ['XGROUP', 'CREATE', 's', 'h', '0', 'ENTRIESREAD', '-2'],
    ['XGROUP', 'CREATE', 'missing', 'h', '0'],
    ['XGROUP', 'CREATE', 'missing', 'h', 'x', 'MKSTREAM'],
    ['XGROUP', 'CREATE', 'string', 'h', '0', 'MKSTREAM'],
    ['XGROUP', 'CREATE', 's', 'h', '0', 'MKSTREAM', 'MKSTREAM', 'MKSTREAM', 'MKSTREAM'],
    ['XGROUP', 'create', 's', 'i', '0', 'mkstream', 'entriesread', '-1'],
    ['XGROUP', 'SETID', 's', 'g'],
    ['XGROUP', 'SETID', 's', 'none', '0'],
    ['XGROUP', 'SETID', 'missing', 'g', '0'],
    ['XGROUP', 'SETID', 's', 'g', 'x'],
    ['XGROUP', 'SETID', 's', 'g', '0', 'x'],
    ['XGROUP', 'SETID', 's', 'g', '0', 'MKSTREAM'],
    ['XGROUP', 'SETID', 's', 'g', '0', 'ENTRIESREAD', '1', 'ENTRIESREAD', '2'],
    ['XGROUP', 'SETID', 's', 'g', '+'],
    ['XGROUP', 'SETID', 's', 'g', '-'],
    ['XGROUP', 'SETID', 's', 'g', '$'],
    ['XGROUP', 'SETID', 's', 'g', '0', 'ENTRIESREAD', '9223372036854775807'],
    ['XGROUP', 'DESTROY', 's', 'none'],
    ['XGROUP', 'DESTROY', 'missing', 'g'],
    ['XGROUP', 'DESTROY', 'string', 'g'],
    ['XGROUP', 'DESTROY', 's'],
    ['XGROUP', 'CREATECONSUMER', 's', 'none', 'c'],
    ['XGROUP', 'CREATECONSUMER', 'missing', 'g', 'c'],
    ['XGROUP', 'CREATECONSUMER', 'string', 'g', 'c'],
    ['XGROUP', 'CREATECONSUMER', 's', 'g'],
    ['XGROUP', 'DELCONSUMER', 's', 'none', 'c'],
    ['XGROUP', 'DELCONSUMER', 's', 'g', 'none'],
    ['XGROUP', 'DELCONSUMER', 's', 'a\0b', 'c'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', 't', '0'],
    ['XREADGROUP', 'COUNT', '1', 'STREAMS', 's', '0', 'x'],
    ['XREADGROUP', 'STREAMS', 's', 's', 's', '0', '0', '0'],
    ['XREADGROUP', 'GROUP', 'none', 'c', 'STREAMS', 's', '>'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'missing', '>'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'string', '>'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '$'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', '+'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 's', 'x'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', 'x', 'STREAMS', 's', '>'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'BLOCK', '-1', 'STREAMS', 's', '>'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'x', 'STREAMS', 's', '>'],
    ['XREADGROUP', 'GROUP', 'a\r\nb', 'c', 'STREAMS', 's\0t', '>'],
    ['XACK', 's', 'g'],
    ['XACK', 's', 'g', 'x'],
    ['XACK', 's', 'none', 'x'],
    ['XACK', 'missing', 'g', 'x'],
    ['XACK', 'string', 'g', '1-1'],
    ['XACK', 's', 'g', '1-1', '-'],
    ['XCLAIM', 's', 'g', 'c', '0'],
    ['XCLAIM', 's', 'g', 'c', 'x', '1-1'],
    ['XCLAIM', 's', 'none', 'c', 'x', '1-1'],
    ['XCLAIM', 'missing', 'g', 'c', '0', '1-1'],
    ['XCLAIM', 'string', 'g', 'c', '0', '1-1'],
    ['XCLAIM', 's', 'g', 'c', '0', '1-1', 'x'],
    ['XCLAIM', 's', 'g', 'c', '0', '1-1', 'IDLE'],
    ['XCLAIM', 's', 'g', 'c', '0', '1-1', 'IDLE', 'x'],
    ['XCLAIM', 's', 'g', 'c', '0', '1-1', 'TIME', 'x'],
    ['XCLAIM', 's', 'g', 'c', '0', '1-1', 'RETRYCOUNT', 'x'],
    ['XCLAIM', 's', 'g', 'c', '0', '1-1', 'LASTID', 'x'],
    ['XCLAIM', 's', 'g', 'c', '0', 'FORCE', '1-1'],
    ['XCLAIM', 's', 'g', 'c', '-5', '1-1'],
    ['XAUTOCLAIM', 's', 'g', 'c', '0'],
    ['XAUTOCLAIM', 's', 'g', 'c', 'x', '0'],
    ['XAUTOCLAIM', 's', 'g', 'c', '0', 'x'],
    ['XAUTOCLAIM', 's', 'g', 'c', '0', '0', 'COUNT', '0'],
    ['XAUTOCLAIM', 's', 'g', 'c', '0', '0', 'COUNT', 'x'],
    ['XAUTOCLAIM', 's', 'g', 'c', '0', '0', 'COUNT'],
    ['XAUTOCLAIM', 's', 'g', 'c', '0', '0', 'x'],
    ['XAUTOCLAIM', 's', 'none', 'c', '0', '0'],
    ['XAUTOCLAIM', 'missing', 'g', 'c', '0', '0'],
    ['XAUTOCLAIM', 'string', 'g', 'c', '0', '0'],
    ['XAUTOCLAIM', 'string', 'g', 'c', 'x', '0'],
    ['XAUTOCLAIM', 's', 'g', 'c', '0', '(18446744073709551615-18446744073709551615'],
    ['XAUTOCLAIM', 's', 'g', 'c', '0', '0', 'COUNT', '9223372036854775807'],
    ['XAUTOCLAIM', 's', 'g', 'c', '0', '0', 'COUNT', '576460752303423487'],
    ['XAUTOCLAIM', 's', 'g', 'c', '-9', '-', 'COUNT', '3', 'JUSTID'],
    ['XPENDING', 's'],
    ['XPENDING', 's', 'none'],
    ['XPENDING', 'missing', 'g'],
    ['XPENDING', 'string', 'g'],
    ['XPENDING', 's', 'g', '-'],
    ['XPENDING', 's', 'g', '-', '+'],
    ['XPENDING', 's', 'g', '-', '+', 'x'],
    ['XPENDING', 's', 'g', 'x', '+', '1'],
    ['XPENDING', 's', 'g', '-', 'x', '1'],
    ['XPENDING', 's', 'g', 'IDLE', 'x', '-', '+', '1'],
    ['XPENDING', 's', 'g', 'IDLE', '5', '-', '+'],
    ['XPENDING', 's', 'g', 'IDLE', '1', '2'],
    ['XPENDING', 's', 'g', '-', '+', '1', 'c', 'x', 'y', 'z'],
    ['XPENDING', 's', 'g', '-', '+', '-1'],
    ['XPENDING', 's', 'g', '-', '+', '5', 'none'],
    ['XPENDING', 's', 'g', '(-', '+', '5'],
    ['XPENDING', 's', 'none', '-', 'x', '5'],
    ['XINFO', 'CONSUMERS', 's', 'none'],
    ['XINFO', 'CONSUMERS', 'missing', 'g'],
    ['XINFO', 'CONSUMERS', 's', 'g', 'x'],
  ] as Command[])
    await both(...command);
  await describe(both);
});

lockstep('XREADGROUP delivers, remembers and forgets', { resp: 'both' }, async (both) => {
  await fill(both, 's', 1, 20);
  await fill(both, 't', 1, 3);
  await both('XGROUP', 'CREATE', 's', 'g', '3-1');
  await both('XGROUP', 'CREATE', 't', 'g', '$');
  await describe(both);
  await both('XREADGROUP', 'GROUP', 'g', 'alice', 'COUNT', '2', 'STREAMS', 's', '>');
  await both('XREADGROUP', 'GROUP', 'g', 'bob', 'COUNT', '3', 'STREAMS', 's', 't', '>', '>');
  await both('XREADGROUP', 'GROUP', 'g', 'alice', 'NOACK', 'COUNT', '2', 'STREAMS', 's', '>');
  await both('XREADGROUP', 'GROUP', 'g', 'carol', 'NOACK', 'COUNT', '1', 'STREAMS', 's', 't', '>', '>');
  await describe(both);
  await both('XPENDING', 's', 'g');
  await both('XPENDING', 't', 'g');
  await pending(both, 's', 'g', '-', '+', 10);
  await both('XREADGROUP', 'GROUP', 'g', 'alice', 'STREAMS', 's', '0');
  await both('XREADGROUP', 'GROUP', 'g', 'bob', 'COUNT', '2', 'STREAMS', 's', 't', '6-1', '0');
  await both('XREADGROUP', 'GROUP', 'g', 'dave', 'STREAMS', 's', '0');
  await both('XDEL', 's', '7-1');
  await both('XREADGROUP', 'GROUP', 'g', 'bob', 'STREAMS', 's', '0');
  await pending(both, 's', 'g', '-', '+', 10, 'bob');
  await both('XACK', 's', 'g', '4-1', '4-1', '7-1', '1-1', '99-1');
  await both('XPENDING', 's', 'g');
  await describe(both);
  await both('XREADGROUP', 'GROUP', 'g', 'alice', 'STREAMS', 's', '>');
  await both('XREADGROUP', 'GROUP', 'g', 'alice', 'STREAMS', 's', '>');
  await both('XREADGROUP', 'GROUP', 'g', 'alice', 'BLOCK', '1', 'STREAMS', 's', '>');
  await both('XGROUP', 'SETID', 's', 'g', '5');
  await both('XREADGROUP', 'GROUP', 'g', 'bob', 'COUNT', '4', 'STREAMS', 's', '>');
  await describe(both);
  await both('XGROUP', 'DELCONSUMER', 's', 'g', 'bob');
  await both('XPENDING', 's', 'g');
  await both('XGROUP', 'DESTROY', 's', 'g');
  await describe(both);
});

lockstep('consumers and groups are listed by name', { resp: 'both' }, async (both) => {
  await both('XGROUP', 'CREATE', 's', 'zz', '$', 'MKSTREAM');
  await both('XADD', 's', '1-1', 'f', 'v');
  for (const name of ['m', 'a', 'b\0c', 'b', 'Z', '', 'longer name than most', 'zzz', '\xff']) {
    await both('XGROUP', 'CREATE', 's', Buffer.from(name, 'latin1'), '0');
    await both('XGROUP', 'CREATECONSUMER', 's', 'zz', Buffer.from(name, 'latin1'));
    await both('XGROUP', 'CREATECONSUMER', 's', 'zz', Buffer.from(name, 'latin1'));
  }
  await info(both, 'CONSUMERS', 's', 'zz');
  await both('XREADGROUP', 'GROUP', 'zz', 'm', 'STREAMS', 's', '>');
  await info(both, 'CONSUMERS', 's', 'zz');
  await describe(both);
  for (const name of ['m', 'Z', 'zzz', 'none']) await both('XGROUP', 'DELCONSUMER', 's', 'zz', name);
  for (const name of ['a', 'zz', 'none']) await both('XGROUP', 'DESTROY', 's', name);
  await describe(both);
  await info(both, 'STREAM', 's', 'FULL');
  await both('XINFO', 'STREAM', 's');
});

lockstep('entries-read and lag', async (both) => {
  await both('XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM');
  await describe(both);
  await fill(both, 's', 1, 10);
  await describe(both);
  for (const id of ['0', '1', '5', '5-1', '10-1', '11', '1-1', '0-1']) {
    await both('XGROUP', 'CREATE', 's', `at ${id}`, id);
    await both('XGROUP', 'SETID', 's', 'g', id);
    await describe(both);
    await both('XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', '2', 'STREAMS', 's', '>');
    await both('XREADGROUP', 'GROUP', `at ${id}`, 'c', 'COUNT', '3', 'STREAMS', 's', '>');
    await describe(both);
  }
  await both('XGROUP', 'CREATE', 's', 'counted', '2-1', 'ENTRIESREAD', '2');
  await both('XGROUP', 'CREATE', 's', 'start', '0', 'ENTRIESREAD', '0');
  for (const id of ['4-1', '1-1', '9-1']) {
    await both('XDEL', 's', id);
    await describe(both);
    for (const group of ['counted', 'start', 'g', 'at 5']) {
      await both('XREADGROUP', 'GROUP', group, 'c', 'COUNT', '1', 'STREAMS', 's', '>');
      await describe(both);
    }
  }
  await both('XTRIM', 's', 'MAXLEN', '3');
  await describe(both);
  await both('XTRIM', 's', 'MAXLEN', '0');
  await describe(both);
  await both('XADD', 's', '50-1', 'f', 'v');
  await describe(both);
  await both('XSETID', 's', '60-1', 'ENTRIESADDED', '100', 'MAXDELETEDID', '55-1');
  await describe(both);
});

lockstep('XCLAIM', { resp: 'both' }, async (both) => {
  await fill(both, 's', 1, 12);
  await both('XGROUP', 'CREATE', 's', 'g', '0');
  await both('XREADGROUP', 'GROUP', 'g', 'alice', 'COUNT', '8', 'STREAMS', 's', '>');
  await both('XCLAIM', 's', 'g', 'bob', '0', '1-1', '2-1', '9-1', '99-1');
  await both('XCLAIM', 's', 'g', 'bob', '1000000', '3-1');
  await both('XCLAIM', 's', 'g', 'nobody', '1000000', '3-1');
  await both('XCLAIM', 's', 'g', 'alice', '0', '3-1', 'JUSTID');
  await both('XCLAIM', 's', 'g', 'carol', '0', '4-1', 'RETRYCOUNT', '7', 'JUSTID', 'IDLE', '5000');
  await both('XCLAIM', 's', 'g', 'carol', '0', '5-1', 'RETRYCOUNT', '9223372036854775807', 'TIME', '1');
  await both('XCLAIM', 's', 'g', 'carol', '0', '5-1', 'RETRYCOUNT', '-1', 'JUSTID');
  await both('XCLAIM', 's', 'g', 'carol', '0', '9-1', '10-1', 'FORCE');
  await both('XCLAIM', 's', 'g', 'dave', '0', '11-1', '77-1', 'FORCE', 'JUSTID', 'LASTID', '11-1');
  await both('XCLAIM', 's', 'g', 'dave', '0', '77-1', 'LASTID', '12-0');
  await both('XCLAIM', 's', 'g', 'dave', '0', '77-1', 'LASTID', '3-0');
  await describe(both);
  await both('XDEL', 's', '4-1', '6-1', '12-1');
  await both('XCLAIM', 's', 'g', 'eve', '0', '4-1', '6-1', '12-1', '7-1', 'FORCE');
  await both('XCLAIM', 's', 'g', 'eve', '0', '8', 'TIME', '99999999999999');
  await describe(both);
  await both('XPENDING', 's', 'g');
  await pending(both, 's', 'g', 'IDLE', '1000', '-', '+', '10');
  await pending(both, 's', 'g', 'IDLE', '100000000', '-', '+', '10');
  await pending(both, 's', 'g', '(2-1', '(9-1', '3');
  await pending(both, 's', 'g', '-', '+', '10', 'carol');
  await pending(both, 's', 'g', 'IDLE', '0', '3', '9', '10', 'eve');
});

lockstep('XAUTOCLAIM', { resp: 'both' }, async (both) => {
  await fill(both, 's', 1, 60);
  await both('XGROUP', 'CREATE', 's', 'g', '0');
  await both('XREADGROUP', 'GROUP', 'g', 'alice', 'COUNT', '50', 'STREAMS', 's', '>');
  await both('XAUTOCLAIM', 's', 'g', 'bob', '0', '0', 'COUNT', '3');
  await both('XAUTOCLAIM', 's', 'g', 'bob', '0', '4-1', 'COUNT', '3', 'JUSTID');
  await both('XAUTOCLAIM', 's', 'g', 'nobody', '1000000', '0', 'COUNT', '2');
  await both('XAUTOCLAIM', 's', 'g', 'bob', '1000000', '10-1', 'COUNT', '3', 'JUSTID');
  await both('XDEL', 's', '5-1', '8-1', '9-1', '50-1', '30-1');
  await both('XAUTOCLAIM', 's', 'g', 'carol', '0', '4-1', 'COUNT', '5');
  await both('XAUTOCLAIM', 's', 'g', 'carol', '0', '(40-1', 'JUSTID');
  await both('XAUTOCLAIM', 's', 'g', 'carol', '0', '-', 'JUSTID');
  await both('XAUTOCLAIM', 's', 'g', 'carol', '0', '+');
  await both('XTRIM', 's', 'MAXLEN', '0');
  await both('XAUTOCLAIM', 's', 'g', 'dave', '0', '0', 'COUNT', '7');
  await describe(both);
  await both('XAUTOCLAIM', 's', 'g', 'dave', '0', '0');
  await describe(both);
});

lockstep('many pending entries come and go', async (both) => {
  await fill(both, 's', 1, 1000);
  await both('XGROUP', 'CREATE', 's', 'g', '0');
  for (let i = 0; i < 10; i++) await both('XREADGROUP', 'GROUP', 'g', `c${i % 3}`, 'COUNT', '100', 'STREAMS', 's', '>');
  await both('XPENDING', 's', 'g');
  const ids = Array.from({ length: 1000 }, (_, i) => `${((i * 387) % 1000) + 1}-1`);
  for (let i = 0; i < 900; i += 50) {
    await both('XACK', 's', 'g', ...ids.slice(i, i + 50));
    await pending(both, 's', 'g', '-', '+', 15);
    await pending(both, 's', 'g', '500', '+', 15, 'c1');
  }
  await both('XPENDING', 's', 'g');
  await describe(both);
  await both('XGROUP', 'DELCONSUMER', 's', 'g', 'c0');
  await both('XPENDING', 's', 'g');
  await pending(both, 's', 'g', '-', '+', 200);
});

lockstep('DUMP of a stream with groups restores on the other server', async (both) => {
  await fill(both, 's', 1, 250);
  await both(
    'XADD',
    's',
    '18446744073709551615-18446744073709551614',
    'other',
    'x'.repeat(300),
    'f',
    '-9223372036854775808',
  );
  await both('XDEL', 's', '3-1', '200-1');
  for (const [group, id] of [
    ['g', '0'],
    ['h', '100-1'],
    ['', '$'],
  ] as const) {
    await both('XGROUP', 'CREATE', 's', group, id);
    await both('XREADGROUP', 'GROUP', group, 'alice', 'COUNT', '70', 'STREAMS', 's', '>');
    await both('XREADGROUP', 'GROUP', group, 'bob', 'COUNT', '5', 'STREAMS', 's', '>');
    await both('XGROUP', 'CREATECONSUMER', 's', group, 'idle');
  }
  await both('XCLAIM', 's', 'g', 'carol', '0', '5-1', 'RETRYCOUNT', '9223372036854775807', 'JUSTID');
  await both('XADD', 'small', '1-1', 'f', 'v');
  await both('XADD', 'empty', '7-7', 'f', 'v');
  await both('XDEL', 'empty', '7-7');
  await both('XGROUP', 'CREATE', 'bare', 'g', '5', 'MKSTREAM');
  for (const key of ['s', 'small', 'empty', 'bare']) {
    const payloads = await Promise.all([dumpOf(both.headwater, key), dumpOf(both.redis, key)]);
    for (const [i, payload] of payloads.entries()) {
      await both('RESTORE', `${key}:${i}`, '0', payload);
      await describe(both, `${key}:${i}`);
      await both('XINFO', 'STREAM', `${key}:${i}`);
    }
    await both('DEBUG', 'DIGEST-VALUE', key, `${key}:0`, `${key}:1`);
  }
});

lockstep('XREAD waits for entries', { resp: 'both' }, async (both) => {
  const other = await both.open({ resp: 2 });
  const waiting = both('XREAD', 'BLOCK', '0', 'COUNT', '1', 'STREAMS', 'a', 'b', '$', '$');
  await blocked(other);
  await other('XADD', 'b', '1-1', 'f', 'v');
  await waiting;
  const after = both('XREAD', 'BLOCK', '0', 'STREAMS', 'b', '5-0');
  await blocked(other);
  await other('XADD', 'b', '4-1', 'f', 'v');
  await other('XADD', 'b', '5-1', 'f', 'v', 'g', 'w');
  await after;
  const replaced = both('XREAD', 'BLOCK', '0', 'STREAMS', 'c', '0');
  await blocked(other);
  await other('SET', 'c', 'x');
  await other('DEL', 'c');
  await other('XADD', 'c', '1-1', 'f', 'v');
  await replaced;
  await both('XREAD', 'BLOCK', '20', 'STREAMS', 'c', '$');
  for (const commands of [
    [['RENAME', 'c', 'd']],
    [['MULTI'], ['XADD', 'e', '1-1', 'f', 'v'], ['RENAME', 'e', 'd'], ['EXEC']],
  ]) {
    await other('DEL', 'd');
    const renamed = both('XREAD', 'BLOCK', '0', 'STREAMS', 'd', '0');
    await blocked(other);
    for (const command of commands) await other(...command);
    await renamed;
  }
});

lockstep('XREADGROUP waits, and hears when its stream or group goes away', { resp: 'both' }, async (both) => {
  const other = await both.open({ resp: 2 });
  const wait = (...words: string[]): Promise<Reply> =>
    both('XREADGROUP', 'GROUP', 'g', 'c', ...words, 'BLOCK', '0', 'STREAMS', 's', '>');
  const make = (): Promise<Reply> => other('XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM');
  await make();
  for (const [i, words] of [[], ['NOACK'], ['COUNT', '1']].entries()) {
    const served = wait(...words);
    await blocked(other);
    await other('XADD', 's', `${i + 1}-1`, 'f', 'v');
    await served;
  }
  await other('DEL', 's');
  for (const commands of [
    [['DEL', 's']],
    [['XGROUP', 'DESTROY', 's', 'g']],
    [['SET', 's', 'x']],
    [['FLUSHALL']],
    [
      ['RENAME', 's', 'elsewhere'],
      ['DEL', 'elsewhere'],
    ],
    [['MULTI'], ['DEL', 's'], ['SADD', 's', 'x'], ['EXEC']],
    [['MULTI'], ['DEL', 's'], ['XADD', 's', '1-1', 'f', 'v'], ['EXEC']],
    [['UNLINK', 's']],
    [['SWAPDB', '0', '1']],
  ]) {
    await other('DEL', 's');
    await make();
    const gone = wait();
    await blocked(other);
    for (const command of commands) await other(...command);
    await gone;
  }
  await other('FLUSHALL');
});

lockstep('waiting consumers of one group get what the others did not', async (both) => {
  const [other, second] = [await both.open(), await both.open()];
  await other('XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM');
  const first = both('XREADGROUP', 'GROUP', 'g', 'alice', 'BLOCK', '0', 'STREAMS', 's', '>');
  await blocked(other, 1);
  const next = second('XREADGROUP', 'GROUP', 'g', 'bob', 'BLOCK', '0', 'STREAMS', 's', '>');
  await blocked(other, 2);
  await other('XADD', 's', '1-1', 'f', 'v');
  await first;
  await other('XADD', 's', '2-1', 'f', 'v');
  await next;
  await describe(other);
});

async function dumpOf(client: RawClient, key: string): Promise<Buffer> {
  const reply = await client.call('DUMP', key);
  return reply.subarray(reply.indexOf('\n') + 1, -2);
}

/** Waits until so many clients are blocked at both servers. */
async function blocked(both: Both, clients = 1): Promise<void> {
  for (const client of [both.redis, both.headwater]) {
    for (;;) {
      const text = String(await client.ok('INFO', 'clients'));
      if (text.includes(`blocked_clients:${clients}`)) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
