/**
 * Expiry of hash fields. No redis-server here knows it, so replies, events and the stream to replicas are asserted as Redis
 * 7.4 and 8.0 document them; the server is Headwater alone.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Crc64 } from '../../src/base/crc64.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { listenToStream } from '../support/replication-stream.ts';
import type { Reply } from '../support/resp.ts';
import { waitFor } from '../support/wait.ts';

const server = startHeadwater(['--enable-debug-command', 'yes', '--repl-diskless-sync-delay', '0']);
after(async () => (await server).stop());

/** A test with an empty server that expires nothing by itself; once with small hashes, once with tables. */
function each(title: string, body: (client: RawClient, small: boolean) => Promise<void>): void {
  for (const small of [true, false])
    void test(`${title} (${small ? 'listpackex' : 'hashtable'})`, async () => {
      const client = await connectRaw((await server).port);
      try {
        await client.ok('FLUSHALL');
        await client.ok('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
        await client.ok('CONFIG', 'SET', 'hash-max-listpack-entries', small ? '128' : '0');
        await body(client, small);
      } finally {
        await client.close();
      }
    });
}

/** Runs a line of words; an error is its text. */
async function run(client: RawClient, line: string): Promise<Reply> {
  const reply = await client.value(...line.split(' '));
  return reply instanceof Error ? reply.message : reply;
}

async function gives(client: RawClient, line: string, expected: unknown): Promise<void> {
  assert.deepEqual(await run(client, line), expected, line);
}

/** Waits until the server's clock is past the expiry of a field that was given a millisecond to live. */
const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15));

const far = 4_000_000_000_000;

each('HEXPIRE and its kin answer for each field', async (client, small) => {
  await gives(client, 'HEXPIRE none 100 FIELDS 2 a b', [-2, -2]);
  await run(client, 'HSET h a 1 b 2 c 3');
  await gives(client, 'OBJECT ENCODING h', small ? 'listpack' : 'hashtable');
  await gives(client, 'HTTL h FIELDS 2 a none', [-1, -2]);
  await gives(client, 'HEXPIRE h 100 FIELDS 3 a none b', [1, -2, 1]);
  await gives(client, 'OBJECT ENCODING h', small ? 'listpackex' : 'hashtable');
  const [seconds, ...others] = (await run(client, 'HTTL h FIELDS 3 a c none')) as number[];
  assert(seconds! > 50 && seconds! <= 100);
  assert.deepEqual(others, [-1, -2]);
  await gives(client, `HPEXPIREAT h ${far} FIELDS 1 a`, [1]);
  await gives(client, 'HPEXPIRETIME h FIELDS 2 a c', [far, -1]);
  await gives(client, `HPEXPIREAT h ${far + 1} FIELDS 1 a`, [1]);
  await gives(client, 'HEXPIRETIME h FIELDS 1 a', [far / 1000 + 1]);
  await gives(client, `HEXPIREAT h ${far / 1000} FIELDS 1 c`, [1]);
  await gives(client, 'HPEXPIRETIME h FIELDS 1 c', [far]);
  await gives(client, 'HPEXPIRE h 100000 FIELDS 1 c', [1]);
  const [left] = (await run(client, 'HPTTL h FIELDS 1 c')) as [number];
  assert(left > 50_000 && left <= 100_000);
  await gives(client, 'HPERSIST h FIELDS 3 a none a', [1, -2, -1]);
  await gives(client, 'HPERSIST none FIELDS 1 a', [-2]);
  await gives(client, 'HMGET h a b c', ['1', '2', '3']);
});

each('NX, XX, GT and LT compare with the present expiry; none counts as infinite', async (client) => {
  await run(client, 'HSET h a 1 b 2');
  await gives(client, `HPEXPIREAT h ${far} XX FIELDS 1 a`, [0]);
  await gives(client, `HPEXPIREAT h ${far} GT FIELDS 1 a`, [0]);
  await gives(client, `HPEXPIREAT h ${far} NX FIELDS 1 a`, [1]);
  await gives(client, `HPEXPIREAT h ${far} NX FIELDS 2 a b`, [0, 1]);
  await gives(client, `HPEXPIREAT h ${far} GT FIELDS 1 a`, [0]);
  await gives(client, `HPEXPIREAT h ${far} lt FIELDS 1 a`, [0]);
  await gives(client, `HPEXPIREAT h ${far + 1} gt FIELDS 1 a`, [1]);
  await gives(client, `HPEXPIREAT h ${far - 1} LT FIELDS 2 a b`, [1, 1]);
  await gives(client, `HPEXPIREAT h ${far} XX FIELDS 1 a`, [1]);
  await run(client, 'HPERSIST h FIELDS 1 a');
  await gives(client, `HPEXPIREAT h ${far} LT FIELDS 1 a`, [1]);
});

each('a time that is past deletes the field at once, and the key with the last', async (client) => {
  await run(client, 'HSET h a 1 b 2');
  await gives(client, 'HPEXPIREAT h 1 FIELDS 2 a none', [2, -2]);
  await gives(client, 'HGETALL h', ['b', '2']);
  await gives(client, 'HEXPIRE h 0 FIELDS 2 b b', [2, -2]);
  await gives(client, 'EXISTS h', 0);
});

each('bad arguments are refused and change nothing', async (client) => {
  await run(client, 'SET s text');
  await run(client, 'HSET h a 1');
  const digest = await run(client, 'DEBUG DIGEST');
  const misplaced = 'ERR Mandatory argument FIELDS is missing or not at the right position';
  const mismatch = 'ERR The `numfields` parameter must match the number of arguments';
  const zero = 'ERR Parameter `numFields` should be greater than 0';
  const positive = 'ERR Number of fields must be a positive integer';
  const onlyOne = 'ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified';
  for (const [line, error] of [
    ['HEXPIRE s x FIELDS 1 a', 'WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['HEXPIRE h x FIELDS 1 a', 'ERR value is not an integer or out of range'],
    ['HEXPIRE h -1 FIELDS 1 a', 'ERR invalid expire time, must be >= 0'],
    ['HPEXPIREAT h -9223372036854775808 FIELDS 1 a', 'ERR invalid expire time, must be >= 0'],
    ['HEXPIRE h 281474976710 FIELDS 1 a', "ERR invalid expire time in 'hexpire' command"],
    ['HEXPIREAT h 9223372036854775807 FIELDS 1 a', "ERR invalid expire time in 'hexpireat' command"],
    ['HPEXPIRE h 70368744177663 FIELDS 1 a', "ERR invalid expire time in 'hpexpire' command"],
    ['HPEXPIREAT h 70368744177664 FIELDS 1 a', "ERR invalid expire time in 'hpexpireat' command"],
    ['HEXPIRE h 1 FIELDS 0 a', zero],
    ['HEXPIRE h 1 FIELDS x a', zero],
    ['HEXPIRE h 1 FIELDS 2 a', mismatch],
    ['HEXPIRE h 1 FIELDS 1 a b', mismatch],
    ['HEXPIRE h 1 ZZ FIELDS 1 a', misplaced],
    ['HEXPIRE h 1 NX XX FIELDS 1 a', misplaced],
    ['HEXPIRE h 1 a b c', misplaced],
    ['HEXPIRE h 1 FIELDS 1', "ERR wrong number of arguments for 'hexpire' command"],
    ['HTTL s FIELDS 1 a', 'WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['HTTL h FIELD 1 a', misplaced],
    ['HTTL h FIELDS 0 a', positive],
    ['HTTL h FIELDS 2 a', mismatch],
    ['HPERSIST h FIELDS -1 a', positive],
    ['HPERSIST h FIELDS 1 a b', mismatch],
    ['HGETDEL h x 1 a', misplaced],
    ['HGETDEL h FIELDS 0 a', positive],
    ['HGETDEL h FIELDS 2 a', mismatch],
    ['HGETEX h EX 1 FIELDS', "ERR wrong number of arguments for 'hgetex' command"],
    ['HGETEX h EX x FIELDS 1 a', 'ERR value is not an integer or out of range'],
    ['HGETEX h PERSIST x 1 a', misplaced],
    ['HGETEX h KEEPTTL FIELDS 1 a', misplaced],
    ['HGETEX h FIELDS 2 a', mismatch],
    ['HSETEX h FIELDS 1 a', "ERR wrong number of arguments for 'hsetex' command"],
    ['HSETEX h FIELDS 1 a b c d', "ERR wrong number of arguments for 'hsetex' command"],
    ['HSETEX h FIELDS 0 a b', 'ERR invalid number of fields'],
    ['HSETEX h FIELDS x a b', 'ERR invalid number of fields'],
    ['HSETEX h FNX FXX FIELDS 1 a b', 'ERR Only one of FXX or FNX arguments can be specified'],
    ['HSETEX h EX 1 PX 1 FIELDS 1 a b', onlyOne],
    ['HSETEX h KEEPTTL EX 1 FIELDS 1 a b', onlyOne],
    ['HSETEX h FNX FNX a b EX', 'ERR Only one of FXX or FNX arguments can be specified'],
    ['HSETEX h FNX NX FIELDS 1 a b', 'ERR unknown argument: NX'],
    ['HSETEX h KEEPTTL FNX x y', 'ERR unknown argument: x'],
    ['HSETEX h EX -1 FIELDS 1 a b', 'ERR invalid expire time, must be >= 0'],
    ['HSETEX s FIELDS 1 a b', 'WRONGTYPE Operation against a key holding the wrong kind of value'],
  ] as const)
    await gives(client, line, error);
  await gives(client, 'DEBUG DIGEST', digest);
});

each('writing a field anew takes its expiry, adding to it does not', async (client) => {
  await run(client, 'HSET h a 1 b 2 c 3 d 4');
  await run(client, `HPEXPIREAT h ${far} FIELDS 4 a b c d`);
  await run(client, 'HSET h a 10');
  await run(client, 'HINCRBY h b 5');
  await run(client, 'HINCRBYFLOAT h c 0.5');
  await run(client, 'HSETNX h d 9');
  await gives(client, 'HPEXPIRETIME h FIELDS 4 a b c d', [-1, far, far, far]);
  await gives(client, 'HMGET h a b c d', ['10', '7', '3.5', '4']);
  await run(client, 'HDEL h b');
  await run(client, 'HSET h b x');
  await gives(client, 'HPEXPIRETIME h FIELDS 1 b', [-1]);
});

each('fields past their time are hidden, and go when a command names them', async (client) => {
  await run(client, 'HSET h a 1 b 2 c 3 d 4 e 5 f 6');
  await run(client, 'HPEXPIRE h 1 FIELDS 5 a b c d e');
  await aMoment();
  await gives(client, 'HLEN h', 6);
  await gives(client, 'HGETALL h', ['f', '6']);
  await gives(client, 'HKEYS h', ['f']);
  await gives(client, 'HVALS h', ['6']);
  await gives(client, 'HSCAN h 0 COUNT 100', ['0', ['f', '6']]);
  await gives(client, 'HTTL h FIELDS 2 a f', [-2, -1]);
  await gives(client, 'HLEN h', 6);
  await gives(client, 'HGET h a', null);
  await gives(client, 'HLEN h', 5);
  await gives(client, 'HEXISTS h b', 0);
  await gives(client, 'HMGET h c f', [null, '6']);
  await gives(client, 'HSTRLEN h d', 0);
  await gives(client, 'HINCRBY h e 2', 2);
  await gives(client, 'HTTL h FIELDS 1 e', [-1]);
  await gives(client, 'HLEN h', 2);
  await run(client, 'HPEXPIRE h 1 FIELDS 1 f');
  await aMoment();
  for (const count of ['', ' 5', ' -3'])
    await gives(
      client,
      `HRANDFIELD h${count}`,
      ['', ' 5'].includes(count) ? (count === '' ? 'e' : ['e']) : ['e', 'e', 'e'],
    );
  await run(client, 'HPEXPIRE h 1 FIELDS 1 e');
  await aMoment();
  await gives(client, 'EXISTS h', 1);
  await gives(client, 'HRANDFIELD h', null);
  await gives(client, 'EXISTS h', 0);
});

each('HSETNX, HSET, HPERSIST and HEXPIRE take a field past its time as absent', async (client) => {
  await run(client, 'HSET h a 1 b 2 c 3 d 4');
  await run(client, 'HPEXPIRE h 1 FIELDS 4 a b c d');
  await aMoment();
  await gives(client, 'HPERSIST h FIELDS 1 a', [-2]);
  await gives(client, 'HEXPIRE h 100 FIELDS 1 b', [-2]);
  await gives(client, 'HSETNX h c new', 1);
  await gives(client, 'HSET h d new', 1);
  await gives(client, 'HMGET h a b c d', [null, null, 'new', 'new']);
});

each('HGETEX returns values and sets or removes their expiry', async (client) => {
  await gives(client, 'HGETEX none EX 10 FIELDS 2 a b', [null, null]);
  await run(client, 'HSET h a 1 b 2');
  await gives(client, 'HGETEX h FIELDS 2 a none', ['1', null]);
  await gives(client, 'HGETEX h EX 100 FIELDS 2 a none', ['1', null]);
  const [seconds, other] = (await run(client, 'HTTL h FIELDS 2 a b')) as number[];
  assert(seconds! > 50 && seconds! <= 100);
  assert.equal(other, -1);
  await gives(client, `HGETEX h PXAT ${far} FIELDS 2 a b`, ['1', '2']);
  await gives(client, 'HPEXPIRETIME h FIELDS 2 a b', [far, far]);
  await gives(client, 'HGETEX h PERSIST FIELDS 1 a', ['1']);
  await gives(client, 'HPEXPIRETIME h FIELDS 2 a b', [-1, far]);
  await gives(client, 'HGETEX h EXAT 1 FIELDS 2 a b', ['1', '2']);
  await gives(client, 'EXISTS h', 0);
});

each('HSETEX sets fields with an expiry, if all or none exist', async (client) => {
  await gives(client, 'HSETEX h FXX FIELDS 1 a 1', 0);
  await gives(client, 'EXISTS h', 0);
  await gives(client, `HSETEX h FNX PXAT ${far} FIELDS 2 a 1 b 2`, 1);
  await gives(client, 'HSETEX h FNX FIELDS 2 a 9 c 9', 0);
  await gives(client, 'HSETEX h FXX FIELDS 2 a 9 c 9', 0);
  await gives(client, 'HSETEX h FXX KEEPTTL FIELDS 1 a 3', 1);
  await gives(client, 'HPEXPIRETIME h FIELDS 2 a b', [far, far]);
  await gives(client, 'HSETEX h FIELDS 1 a 4', 1);
  await gives(client, 'HPEXPIRETIME h FIELDS 2 a b', [-1, far]);
  await gives(client, 'HMGET h a b c', ['4', '2', null]);
  await gives(client, 'HSETEX h EXAT 1 FIELDS 2 a 5 z 5', 1);
  await gives(client, 'HMGET h a b z', [null, '2', null]);
  await gives(client, 'HSETEX h PX 0 FIELDS 1 b 5', 1);
  await gives(client, 'EXISTS h', 0);
  await gives(client, 'HSETEX h PX 0 FIELDS 1 b 5', 1);
  await gives(client, 'EXISTS h', 0);
});

each('HGETDEL returns values and deletes the fields', async (client) => {
  await gives(client, 'HGETDEL none FIELDS 1 a', [null]);
  await run(client, 'HSET h a 1 b 2 c 3');
  await gives(client, 'HGETDEL h FIELDS 3 a a none', ['1', null, null]);
  await run(client, 'HPEXPIRE h 1 FIELDS 1 b');
  await aMoment();
  await gives(client, 'HGETDEL h FIELDS 2 b c', [null, '3']);
  await gives(client, 'EXISTS h', 0);
});

each('COPY, RENAME, MOVE, DUMP and RELOAD keep the expiries of fields', async (client) => {
  await run(client, 'HSET h a 1 b 2 c 3');
  await run(client, `HPEXPIREAT h ${far} FIELDS 2 a b`);
  const keeps = async (name: string): Promise<void> =>
    gives(client, `HPEXPIRETIME ${name} FIELDS 3 a b c`, [far, far, -1]);
  await run(client, 'COPY h copy');
  await keeps('copy');
  await run(client, 'RENAME copy other');
  await keeps('other');
  await run(client, 'MOVE other 1');
  await run(client, 'SELECT 1');
  await keeps('other');
  const dump = (await client.call('DUMP', 'other'))
    .toString('latin1')
    .replace(/^\$\d+\r\n/, '')
    .slice(0, -2);
  assert.equal(dump.charCodeAt(dump.length - 10), 12, 'the version in the footer');
  await client.ok('RESTORE', 'restored', '0', Buffer.from(dump, 'latin1'));
  await keeps('restored');
  const digest = await run(client, 'DEBUG DIGEST');
  await run(client, 'DEBUG RELOAD');
  await gives(client, 'DEBUG DIGEST', digest);
  await keeps('restored');
  await run(client, 'EXPIRE restored 1000');
  await keeps('restored');
  await run(client, 'PERSIST restored');
  await keeps('restored');
});

test('RESTORE takes hashes with expiring fields of Redis and of Valkey, and refuses damaged ones', async () => {
  const client = await connectRaw((await server).port);
  try {
    await client.ok('FLUSHALL');
    const ms = (time: number): Buffer => {
      const eight = Buffer.alloc(8);
      eight.writeBigInt64LE(BigInt(time));
      return eight;
    };
    const [a, b] = [Buffer.from('\u0001a\u00011'), Buffer.from('\u0001b\u00012')];
    const redis = Buffer.concat([Buffer.from([24]), ms(far), Buffer.from([2, 1]), a, Buffer.from([0]), b]);
    const valkey = Buffer.concat([Buffer.from([22, 2]), a, ms(far), b, ms(-1)]);
    for (const [body, version, name] of [
      [redis, 12, 'redis'],
      [valkey, 80, 'valkey'],
    ] as const) {
      await client.ok('RESTORE', name, 0, payload(body, version));
      await gives(client, `HPEXPIRETIME ${name} FIELDS 3 a b c`, [far, -1, -2]);
      await gives(client, `HMGET ${name} a b`, ['1', '2']);
      for (let cut = 1; cut < body.length; cut++) {
        const reply = await client.value('RESTORE', 'cut', 0, payload(body.subarray(0, cut), version));
        assert.equal(reply instanceof Error && reply.message, 'ERR Bad data format');
      }
      assert.equal(await client.ok('EXISTS', 'cut'), 0);
    }
    const foreign = await client.value('RESTORE', 'x', 0, payload(valkey, 79));
    assert.equal(foreign instanceof Error && foreign.message, 'ERR DUMP payload version or checksum are wrong');
  } finally {
    await client.close();
  }
});

/** A DUMP payload around a type and its value. */
function payload(body: Uint8Array, version: number): Buffer {
  const all = Buffer.concat([body, Buffer.alloc(10)]);
  all.writeUInt16LE(version, body.length);
  const crc = new Crc64();
  crc.update(all, 0, body.length + 2);
  crc.writeTo(all, body.length + 2);
  return all;
}

each('HSCAN NOVALUES shows fields only', async (client) => {
  await run(client, 'HSET h a 1 b 2');
  const reply = (await run(client, 'HSCAN h 0 COUNT 100 NOVALUES MATCH *')) as readonly [string, string[]];
  assert.deepEqual([reply[0], reply[1].toSorted()], ['0', ['a', 'b']]);
  await gives(client, 'HSCAN h 0 novalues MATCH a', ['0', ['a']]);
  await gives(client, 'SSCAN none 0', ['0', []]);
});

each('the keyspace knows hashes with expiring fields, and deletes due ones by itself', async (client) => {
  const keyspace = async (): Promise<string> => String(await run(client, 'INFO keyspace'));
  await run(client, 'HSET h a 1 b 2');
  assert.doesNotMatch(await keyspace(), /subexpiry/);
  await run(client, 'HPEXPIRE h 1 FIELDS 2 a b');
  assert.match(await keyspace(), /db0:keys=1,expires=0,avg_ttl=0,subexpiry=1\r/);
  await run(client, 'DEBUG SET-ACTIVE-EXPIRE 1');
  await waitFor(async () => (await run(client, 'EXISTS h')) === 0, { what: 'the hash to go' });
  assert.match(String(await run(client, 'INFO stats')), /expired_subkeys:[1-9]/);
});

each('replicas are told in absolute times and deletions', async (client) => {
  const stream = await listenToStream((await server).port);
  const tells = async (line: string, ...expected: readonly string[]): Promise<void> => {
    const { effects } = await stream.effectsOf(client, line.split(' '));
    const near = (word: string): string =>
      /^\d{13}$/.test(word) && Math.abs(Number(word) - Date.now()) < 1_000_000 ? '<near>' : word;
    const lines = effects.filter(([name]) => name !== 'SELECT').map((words) => words.map(near).join(' '));
    assert.deepEqual(lines, expected, line);
  };
  try {
    await tells('HSET h a 1 b 2 c 3', 'HSET h a 1 b 2 c 3');
    await tells('HEXPIRE h 100 NX FIELDS 3 a none b', 'HPEXPIREAT h <near> NX FIELDS 2 a b');
    await tells('HEXPIRE h 100 NX FIELDS 2 a none');
    await tells(`HPEXPIREAT h ${far} FIELDS 1 a`, `HPEXPIREAT h ${far} FIELDS 1 a`);
    await tells('HINCRBYFLOAT h a 1', 'MULTI', 'HSET h a 2', `HPEXPIREAT h ${far} FIELDS 1 a`, 'EXEC');
    await tells('HINCRBYFLOAT h c 1', 'HSET h c 4');
    await tells('HPERSIST h FIELDS 3 a c none', 'HPERSIST h FIELDS 1 a');
    await tells('HPERSIST h FIELDS 1 a');
    await tells('HGETEX h EX 100 FIELDS 2 a none', 'HPEXPIREAT h <near> FIELDS 1 a');
    await tells('HGETEX h PERSIST FIELDS 2 a c', 'HPERSIST h FIELDS 1 a');
    await tells('HGETEX h FIELDS 1 a');
    await tells('HGETEX h PX 0 FIELDS 1 a', 'HDEL h a');
    await tells(
      `HSETEX h PXAT ${far} FIELDS 2 a 1 d 4`,
      'MULTI',
      'HSET h a 1 d 4',
      `HPEXPIREAT h ${far} FIELDS 2 a d`,
      'EXEC',
    );
    await tells(
      'HSETEX h KEEPTTL FIELDS 2 a 2 c 5',
      'MULTI',
      'HSET h a 2 c 5',
      `HPEXPIREAT h ${far} FIELDS 1 a`,
      'EXEC',
    );
    await tells('HSETEX h FIELDS 1 a 3', 'HSET h a 3');
    await tells('HSETEX h PX 0 FIELDS 2 none 1 a 3', 'HDEL h a');
    await tells('HSETEX h FNX FIELDS 1 d 3');
    await tells('HGETDEL h FIELDS 2 none d', 'HDEL h d');
    await tells('HEXPIRE h 0 FIELDS 2 b none', 'HDEL h b');
    await tells('HSET h x 1 y 2 z 3', 'HSET h x 1 y 2 z 3');
    await tells('HPEXPIRE h 1 FIELDS 2 x y', 'HPEXPIREAT h <near> FIELDS 2 x y');
    await aMoment();
    await tells('HGET h x', 'HDEL h x');
    await tells('HGETALL h');
    await tells('HSETNX h y 5', 'MULTI', 'HDEL h y', 'HSETNX h y 5', 'EXEC');
  } finally {
    await stream.close();
  }
});

each('listeners hear hexpire, hpersist, hexpired, hdel and del', async (client) => {
  const listener = await connectRaw((await server).port);
  try {
    await client.ok('CONFIG', 'SET', 'notify-keyspace-events', 'Kgh');
    listener.send('PSUBSCRIBE __keyspace@0__:*\r\n');
    await listener.reply();
    const hears = async (line: string, ...events: readonly string[]): Promise<void> => {
      await run(client, line);
      for (const event of events) {
        const message = (await listener.reply()).toString('latin1');
        assert.equal(message.split('\r\n').at(-2), event, line);
      }
    };
    await hears('HSET h a 1 b 2 c 3', 'hset');
    await hears('HEXPIRE h 100 FIELDS 1 a', 'hexpire');
    await hears('HPERSIST h FIELDS 1 a', 'hpersist');
    await hears('HGETEX h EX 5 FIELDS 1 a', 'hexpire');
    await hears('HGETEX h PERSIST FIELDS 1 a', 'hpersist');
    await hears('HGETDEL h FIELDS 1 a', 'hdel');
    await hears('HSETEX h EX 100 FIELDS 1 a 1', 'hset', 'hexpire');
    await hears('HEXPIRE h 0 FIELDS 1 a', 'hdel');
    await hears('HPEXPIRE h 1 FIELDS 2 b c', 'hexpire');
    await aMoment();
    await hears('HGET h b', 'hexpired');
    await hears('HGET h c', 'hexpired', 'del');
  } finally {
    await client.ok('CONFIG', 'SET', 'notify-keyspace-events', '');
    await listener.close();
  }
});

each('WATCH sees the expiry of a field', async (client) => {
  await run(client, 'HSET h a 1 b 2');
  await run(client, 'HPEXPIRE h 1 FIELDS 1 a');
  await run(client, 'WATCH h');
  await aMoment();
  const other = await connectRaw((await server).port);
  await run(other, 'HGET h a');
  await other.close();
  await run(client, 'MULTI');
  await run(client, 'PING');
  await gives(client, 'EXEC', null);
});
