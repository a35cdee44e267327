/**
 * The codec against the real redis-server: files go both ways, and what each side holds is compared value by value.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkPayload, makePayload } from '../../src/rdb/payload.ts';
import { RdbWriter } from '../../src/rdb/write.ts';
import type { RdbWriterOptions } from '../../src/rdb/write.ts';
import { intset, listpack } from '../fixtures/rdb/build.ts';
import { collect } from '../fixtures/rdb/collector.ts';
import type { Contents, Entry } from '../fixtures/rdb/collector.ts';
import { oldContents, oldEncodings } from '../fixtures/rdb/old-encodings.ts';
import { connectRaw } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { decode } from '../support/resp.ts';
import type { Argument, Reply } from '../support/resp.ts';
import { tempDir } from '../support/temp-dir.ts';

const FAR_MS = 3_000_000_000_001;

async function call(client: RawClient, ...args: readonly Argument[]): Promise<Reply> {
  const reply = decode(await client.call(...args), 'latin1');
  if (reply instanceof Error) throw reply;
  return reply;
}

const strings = (reply: Reply): string[] => reply as string[];

/** `[a, b, c, d]` to `[[a, b], [c, d]]`, sorted by the first. */
function pairs(flat: readonly string[]): [string, string][] {
  return flat
    .flatMap((one, i) => (i % 2 === 0 ? [[one, flat[i + 1]!] as [string, string]] : []))
    .toSorted((a, b) => (a[0] < b[0] ? -1 : 1));
}

/** Everything a server holds, in the form that the collector gives. */
async function contentsOf(client: RawClient): Promise<Contents> {
  const contents: Contents = new Map();
  for (let db = 0; db < 16; db++) {
    await call(client, 'SELECT', db);
    for (const name of strings(await call(client, 'KEYS', '*')).toSorted()) {
      const at = Buffer.from(name, 'latin1');
      const type = (await call(client, 'TYPE', at)) as Entry['type'];
      let value: Entry['value'];
      if (type === 'string') value = (await call(client, 'GET', at)) as string;
      else if (type === 'list') value = strings(await call(client, 'LRANGE', at, 0, -1));
      else if (type === 'set') value = strings(await call(client, 'SMEMBERS', at)).toSorted();
      else if (type === 'hash') value = pairs(strings(await call(client, 'HGETALL', at)));
      else {
        const flat = strings(await call(client, 'ZRANGE', at, 0, -1, 'WITHSCORES'));
        value = pairs(flat).map(([member, score]): [string, number] => [
          member,
          Number(score.replace('inf', 'Infinity')),
        ]);
      }
      const expireAtMs = (await call(client, 'PEXPIRETIME', at)) as number;
      contents.set(`${db}/${name}`, { type, value, expireAtMs, lfuFrequency: -1, idleSeconds: -1 });
    }
  }
  return contents;
}

/** The collector's view without what a server does not tell, in the server's order of keys. */
function comparable(contents: Contents): Contents {
  return new Map(
    [...contents]
      .map(([name, entry]): [string, Entry] => [name, { ...entry, lfuFrequency: -1, idleSeconds: -1 }])
      .toSorted((a, b) => (a[0] < b[0] ? -1 : 1)),
  );
}

/** What a redis-server that starts on this file holds; redis-check-rdb has to agree first. */
async function loadedByRedis(
  file: Uint8Array,
  ...args: readonly string[]
): Promise<{ contents: Contents; log: string }> {
  const dir = tempDir();
  const path = join(dir.path, 'given.rdb');
  writeFileSync(path, file);
  const check = spawnSync('redis-check-rdb', [path], { encoding: 'utf8' });
  assert.equal(check.status, 0, check.stdout);
  const server = await startRedis(['--dbfilename', 'given.rdb', ...args], { dir: dir.path });
  try {
    const client = await connectRaw(server.port);
    const contents = await contentsOf(client);
    // Saving and loading once more shows that the server can walk what it took from us.
    await call(client, 'DEBUG', 'RELOAD');
    assert.deepEqual(comparable(await contentsOf(client)), comparable(contents));
    await client.close();
    return { contents, log: server.logText() };
  } finally {
    await server.stop();
    dir.remove();
  }
}

test('the hand-made file of old encodings means to redis-server what it means to us', async () => {
  const { contents } = await loadedByRedis(oldEncodings);
  assert.deepEqual(comparable(contents), comparable(oldContents));
});

const numbers = Array.from({ length: 30 }, (_, i) => (i - 15) ** 7);
const texts = [
  '',
  'a',
  '-0',
  '007',
  ...numbers.map(String),
  'x'.repeat(63),
  'y'.repeat(64),
  'z'.repeat(5000),
  '\x00\xff\r\n',
];
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Writes one of everything, each collection both packed and in elements. */
function writeAll(options: RdbWriterOptions): Buffer {
  const chunks: Uint8Array[] = [];
  const w = new RdbWriter((chunk) => chunks.push(chunk) === 0, options);
  const put = (text: string): void => w.string(latin1(text), 0, text.length);
  const blob = (bytes: Uint8Array): void => w.string(bytes, 0, bytes.length);
  const key = (type: number, name: string, expireAtMs = -1): void => {
    w.keyMeta(expireAtMs, -1, -1);
    w.type(type);
    put(name);
  };
  w.header();
  w.aux('redis-ver', '7.0.0');
  w.aux('redis-bits', 64);
  w.aux('repl-offset', 1234567890123);
  const library = latin1("#!lua name=lib\nredis.register_function('f', function() return 1 end)");
  w.functionLibrary(library, 0, library.length);
  w.selectDb(0);
  w.resizeDb(20, 2);
  for (const [i, text] of texts.entries()) {
    key(0, `string:${i}`, i % 3 === 0 ? FAR_MS + i : -1);
    put(text);
  }
  key(0, '12345');
  put('integer key');
  w.keyMeta(-1, -1, 1000);
  w.type(0);
  put('idle');
  put('value');
  key(18, 'list');
  w.length(3);
  w.length(2);
  blob(listpack([...texts.slice(0, 3), ...numbers]));
  w.length(1);
  put('p'.repeat(20_000));
  w.length(2);
  blob(listpack(['end']));
  key(2, 'set');
  w.length(texts.length);
  for (const text of texts) put(text);
  key(11, 'intset2');
  blob(intset(2, [-5, 0, 7]));
  key(11, 'intset8', FAR_MS);
  blob(intset(8, [-9223372036854775808n, 0, 2n ** 40n]));
  key(16, 'hash-packed');
  blob(listpack(['field', 'value', 'number', 42, -77, '']));
  key(4, 'hash');
  w.length(texts.length);
  for (const text of texts) {
    put(text);
    put(`${text}!`);
  }
  key(17, 'zset-packed');
  blob(listpack(['min', '-inf', 'a', -3, 'b', '1.5', 'c', '1.5', 5, 1000000]));
  key(5, 'zset');
  w.length(4);
  for (const score of [-Infinity, 0.1, 5e-324, 1.7976931348623157e308]) {
    put(`member ${score}`);
    w.double(score);
  }
  w.selectDb(15);
  w.resizeDb(1, 0);
  key(0, 'last');
  put('one');
  w.end();
  return Buffer.concat(chunks);
}

for (const options of [{}, { compress: false }, { checksum: false }, { chunkBytes: 64 }]) {
  test(`what is written with ${JSON.stringify(options)} loads in redis-server and passes redis-check-rdb`, async () => {
    const file = writeAll(options);
    const { contents } = await loadedByRedis(file, '--sanitize-dump-payload', 'yes');
    const ours = collect(file).contents;
    assert.equal(ours.size, texts.length + 11);
    assert.deepEqual(comparable(contents), comparable(ours));
  });
}

test('a changed byte of our file is noticed by redis-check-rdb', () => {
  const dir = tempDir();
  const file = writeAll({});
  file[file.length - 12]! ^= 1;
  writeFileSync(join(dir.path, 'bad.rdb'), file);
  assert.notEqual(spawnSync('redis-check-rdb', [join(dir.path, 'bad.rdb')]).status, 0);
  dir.remove();
});

/** All five types, small and large, several databases. */
async function fill(client: RawClient): Promise<void> {
  for (const db of [0, 9]) {
    await call(client, 'SELECT', db);
    for (const [i, text] of texts.entries()) await call(client, 'SET', `string:${i}`, latin1(text));
    await call(client, 'SET', 'compressible', 'abcabcabd'.repeat(1000));
    await call(client, 'PEXPIREAT', 'string:3', FAR_MS);
    for (const size of [3, 200, 3000]) {
      for (const kind of ['text', 'number']) {
        const of = (i: number): string => (kind === 'number' ? String(i * 7919 - 5000) : `some text ${i}`);
        const all = Array.from({ length: size }, (_, i) => of(i));
        await call(client, 'RPUSH', `list:${kind}:${size}`, ...all);
        await call(client, 'SADD', `set:${kind}:${size}`, ...all);
        await call(client, 'HSET', `hash:${kind}:${size}`, ...all.flatMap((one, i) => [one, of(i * 3)]));
        await call(client, 'ZADD', `zset:${kind}:${size}`, ...all.flatMap((one, i) => [i % 2 === 0 ? i : i / 7, one]));
      }
    }
    await call(client, 'SADD', 'set:wide', '1', '9223372036854775807', '-9223372036854775808');
    await call(client, 'RPUSH', 'list:big', 'b'.repeat(20_000), ...texts.map(latin1));
    await call(client, 'ZADD', 'zset:inf', '-inf', 'low', '+inf', 'high', '1e300', 'e', '-0.1', 'tenth');
    await call(client, 'HSET', 'hash:texts', ...texts.flatMap((text) => [latin1(text), latin1(text)]));
  }
  await call(client, 'FUNCTION', 'LOAD', "#!lua name=lib\nredis.register_function('f', function() return 1 end)");
}

const settings: Record<string, readonly string[]> = {
  'default settings': [],
  'nothing packed or compressed': [
    ...['--hash-max-listpack-entries', '0', '--zset-max-listpack-entries', '0', '--set-max-intset-entries', '0'],
    ...['--list-max-listpack-size', '1', '--rdbcompression', 'no'],
  ],
  'everything packed, and no checksum': [
    ...['--hash-max-listpack-entries', '10000', '--hash-max-listpack-value', '10000'],
    ...['--zset-max-listpack-entries', '10000', '--zset-max-listpack-value', '10000'],
    ...['--set-max-intset-entries', '10000', '--list-max-listpack-size', '-5', '--rdbchecksum', 'no'],
  ],
};
/** How often each form occurs in the two databases: proof that the settings gave the encodings they are meant to give. */
const forms: Record<string, Record<string, number>> = {
  'default settings': { hash: 8, zset: 6, intset: 6 },
  'nothing packed or compressed': { hash: 0, zset: 0, intset: 0 },
  'everything packed, and no checksum': { hash: 14, zset: 14, intset: 8 },
};

for (const [name, args] of Object.entries(settings)) {
  test(`a file of redis-server with ${name} is read back`, async () => {
    const server = await startRedis(args);
    try {
      const client = await connectRaw(server.port);
      await fill(client);
      await call(client, 'SAVE');
      const file = readFileSync(join(server.dir, 'dump.rdb'));
      const expected = comparable(await contentsOf(client));
      for (const chunkBytes of [file.length, 1009]) {
        const sink = collect(file, { inputBytes: file.length }, chunkBytes);
        assert.deepEqual(comparable(sink.contents), expected);
        assert.equal(sink.libraries.length, 1);
        const count = (start: string): number => sink.events.filter((event) => event.startsWith(start)).length;
        const counts = { hash: count('packed hash'), zset: count('packed zset'), intset: count('intset') };
        assert.deepEqual(counts, forms[name]);
        assert.ok(count('packed list-node') > 0);
      }
      await client.close();
    } finally {
      await server.stop();
    }
  });
}

test('DUMP payloads go both ways', async () => {
  const server = await startRedis(['--sanitize-dump-payload', 'yes']);
  try {
    const client = await connectRaw(server.port);
    await call(client, 'HSET', 'theirs', 'f', 'v', 'n', '12');
    const dumped = latin1((await call(client, 'DUMP', 'theirs')) as string);
    assert.equal(checkPayload(dumped, 0, dumped.length), 'ok');
    const ours = makePayload((w) => {
      w.type(16);
      const blob = listpack(['f', 'v', 'n', 12]);
      w.string(blob, 0, blob.length);
    });
    assert.equal(await call(client, 'RESTORE', 'ours', 0, ours), 'OK');
    assert.deepEqual(await call(client, 'HGETALL', 'ours'), ['f', 'v', 'n', '12']);
    await client.close();
  } finally {
    await server.stop();
  }
});
