/** DUMP and RESTORE against redis-server: payloads go both ways, options, errors, what is propagated. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Crc64 } from '../../src/base/crc64.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { lockstep } from '../support/lockstep.ts';
import type { Both } from '../support/lockstep.ts';
import { connectRaw } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { listenToStream } from '../support/replication-stream.ts';

const long = 'abc'.repeat(1000);

async function dumpOf(client: RawClient, key: string): Promise<Buffer> {
  const reply = await client.call('DUMP', key);
  return reply.subarray(reply.indexOf('\n') + 1, -2);
}

async function fill(both: Both): Promise<string[]> {
  const many = Array.from({ length: 700 }, (_, i) => `element ${i}`);
  const commands = [
    ['SET', 'string', 'some text'],
    ['SET', 'empty', ''],
    ['SET', 'int', '12345'],
    ['SET', 'wide', '-9223372036854775808'],
    ['SET', 'long', long],
    ['SET', 'longer', long.repeat(5)],
    ['RPUSH', 'list', 'a', '1', '-70000', long],
    ['RPUSH', 'biglist', ...many, 'x'.repeat(20_000)],
    ['SADD', 'intset', '1', '-5', '70000', '9223372036854775807'],
    ['SADD', 'set', 'a', 'b', '3', long],
    ['SADD', 'bigset', ...many],
    ['HSET', 'hash', 'a', '1', 'b', 'two', '3', ''],
    ['HSET', 'bighash', ...many],
    ['HSET', 'longhash', 'f', long],
    ['ZADD', 'zset', '1', 'a', '-inf', 'b', '0.1', 'c', '1e300', 'd', '+inf', 'e'],
    ['ZADD', 'bigzset', ...many.flatMap((word, i) => [String(i / 7), word])],
  ];
  await both.all(commands);
  return commands.map(([, key]) => key!);
}

lockstep('DUMP of a value restores on the other server', async (both) => {
  const keys = await fill(both);
  for (const key of keys) {
    const [ours, theirs] = await Promise.all([dumpOf(both.headwater, key), dumpOf(both.redis, key)]);
    await both('RESTORE', `${key} of ours`, '0', ours);
    await both('RESTORE', `${key} of theirs`, '0', theirs);
    await both('DEBUG', 'DIGEST-VALUE', key, `${key} of ours`, `${key} of theirs`);
    await both('RESTORE', 'replaced', '0', ours, 'REPLACE');
    await both('RESTORE', 'replaced', '0', theirs, 'replace');
    await both('TYPE', 'replaced');
    await both('TTL', 'replaced');
    await both('RENAME', `${key} of ours`, 'renamed');
    await both('RESTORE', 'again', '0', await dumpOf(both.headwater, 'renamed'), 'REPLACE');
    await both('DEBUG', 'DIGEST-VALUE', key, 'renamed', 'again');
  }
});

lockstep('DUMP writes the same bytes where the encodings are the same', { resp: 'both' }, async (both) => {
  await fill(both);
  for (const key of ['string', 'empty', 'int', 'wide', 'hash', 'missing']) await both('DUMP', key);
});

lockstep('RESTORE takes times, idle times and frequencies', async (both) => {
  await both('SET', 'k', 'value');
  const payload = await dumpOf(both.redis, 'k');
  await both('RESTORE', 'a', '100000', payload);
  await both.close(1000, 'PTTL', 'a');
  await both('RESTORE', 'b', '4102444800000', payload, 'ABSTTL');
  await both('PEXPIRETIME', 'b');
  await both('RESTORE', 'c', '1', payload, 'ABSTTL');
  await both('EXISTS', 'c');
  await both('RESTORE', 'a', '1', payload, 'ABSTTL', 'REPLACE');
  await both('EXISTS', 'a');
  await both('RESTORE', 'd', '0', payload, 'ABSTTL', 'IDLETIME', '1000');
  await both.close(2, 'OBJECT', 'IDLETIME', 'd');
  await both('RESTORE', 'd', '0', payload, 'REPLACE', 'FREQ', '7');
  await both('RESTORE', 'e', '0', payload, 'IDLETIME', '16777214');
  await both.close(2, 'OBJECT', 'IDLETIME', 'e');
  await both('RESTORE', 'b', '0', payload, 'REPLACE');
  await both('TTL', 'b');
  for (const options of [
    ['IDLETIME', '1', 'FREQ', '1'],
    ['FREQ', '1', 'IDLETIME', '1'],
    ['IDLETIME', '-1'],
    ['IDLETIME', 'x'],
    ['IDLETIME'],
    ['FREQ', '-1'],
    ['FREQ', '256'],
    ['FREQ', 'x'],
    ['FREQ'],
    ['NONSENSE'],
    ['REPLACE', 'ABSTTL', 'IDLETIME', '5', 'IDLETIME', '6'],
    ['REPLACE', 'REPLACE'],
  ])
    await both('RESTORE', 'f', '0', payload, ...options);
  await both.all([
    ['RESTORE', 'k', '0', payload],
    ['RESTORE', 'k', '-1', payload],
    ['RESTORE', 'g', '-1', payload],
    ['RESTORE', 'g', 'x', payload],
    ['RESTORE', 'g', '1.5', payload, 'REPLACE'],
    ['RESTORE', 'g', '9223372036854775808', payload],
    ['RESTORE', 'k', '-1', 'bad', 'REPLACE'],
    ['RESTORE', 'k', '0', 'bad'],
    ['RESTORE', 'k', '0', 'bad', 'REPLACE'],
    ['RESTORE', 'k', '0'],
    ['RESTORE'],
    ['DUMP'],
    ['DUMP', 'k', 'x'],
    ['GET', 'k'],
    ['EXISTS', 'g'],
  ]);
});

/** A body with a footer that is right. */
function payloadOf(body: readonly number[], version = 10): Buffer {
  const bytes = Buffer.from([...body, version & 255, version >> 8, 0, 0, 0, 0, 0, 0, 0, 0]);
  const crc = new Crc64();
  crc.update(bytes, 0, bytes.length - 8);
  crc.writeTo(bytes, bytes.length - 8);
  return bytes;
}

lockstep('RESTORE refuses payloads that are damaged, and leaves the old key', async (both) => {
  await both('SET', 'k', 'value');
  const payload = await dumpOf(both.redis, 'k');
  for (let i = 0; i < payload.length; i++) {
    const damaged = Buffer.from(payload);
    damaged[i]! ^= 1;
    await both.error('RESTORE', 'k', '0', damaged, 'REPLACE');
    await both.error('RESTORE', 'k', '0', payload.subarray(0, i), 'REPLACE');
  }
  for (const body of [
    [0, 1, 0x78], // a string: good
    [0, 1, 0x78, 0x79], // something behind it
    [4, 0], // a hash without fields
    [2, 0],
    [1, 0],
    [5, 0],
    [200, 0], // no such type
    [2, 2, 1, 0x61, 1, 0x61], // a set with a member twice
    [5, 1, 1, 0x61, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f], // a score that is not a number
    [16, 3, 1, 2, 3], // no listpack
    [11, 1, 0], // no intset
  ])
    await both('RESTORE', 'made', '0', payloadOf(body), 'REPLACE');
  for (const version of [1, 6, 9, 10, 200, 65535])
    await both('RESTORE', 'v', '0', payloadOf([0, 1, 0x78], version), 'REPLACE');
  await both('GET', 'k');
  await both('GET', 'v');
  await both('TYPE', 'made');
});

const options = ['--repl-diskless-sync-delay', '0'];
const servers = Promise.all([startRedis(options), startHeadwater(options)]);
after(async () => {
  for (const server of await servers) await server.stop();
});

void test(
  'RESTORE is propagated with an absolute time, or as the deletion of the old key',
  { timeout: 120_000 },
  async () => {
    const payload = payloadOf([0, 1, 0x78]);
    const seen: string[][] = [];
    for (const { port } of await servers) {
      const client = await connectRaw(port);
      const stream = await listenToStream(port);
      const effects: string[] = [];
      try {
        for (const args of [
          ['RESTORE', 'a', '0', payload],
          ['restore', 'b', '100000', payload, 'IDLETIME', '5'],
          ['RESTORE', 'c', '4102444800000', payload, 'ABSTTL'],
          ['RESTORE', 'd', '1', payload, 'ABSTTL'],
          ['RESTORE', 'a', '1', payload, 'ABSTTL', 'REPLACE'],
          ['RESTORE', 'a', '1', payload, 'ABSTTL', 'REPLACE'],
          ['RESTORE', 'b', '0', payload, 'REPLACE'],
          ['RESTORE', 'b', '0', payload],
          ['RESTORE', 'b', '0', 'bad', 'REPLACE'],
          ['DUMP', 'b'],
        ]) {
          const result = await stream.effectsOf(client, args);
          // Names go in either case.
          for (const [name, ...words] of result.effects)
            effects.push(
              [name!.toUpperCase(), ...words].map((word) => (/^1[789]\d{11}$/.test(word) ? 'soon' : word)).join(' '),
            );
        }
      } finally {
        await stream.close();
        await client.close();
      }
      seen.push(effects);
    }
    assert.deepEqual(seen[1], seen[0]);
    const names = seen[0]!.map((command) => command.split(' ')[0]).filter((name) => name !== 'SELECT');
    assert.deepEqual(names, ['RESTORE', 'RESTORE', 'RESTORE', 'DEL', 'RESTORE']);
  },
);
