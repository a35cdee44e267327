/** Append only files go both ways between redis-server and Headwater, and are clean under redis-check-aof. */
import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataset, sendAll } from '../support/dataset.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { infoOf } from '../support/replication.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runTool } from '../support/tools.ts';
import { waitFor } from '../support/wait.ts';

type Start = typeof startHeadwater;

const KEYS = 1500;
const TIMEOUT = { timeout: 300_000 };

async function using(
  start: Start,
  dir: string,
  args: readonly string[],
  body: (client: RawClient, server: ServerProcess) => Promise<void>,
  end: 'kill' | 'shutdown' = 'kill',
): Promise<string> {
  const server = await start(['--appendonly', 'yes', ...args], { dir });
  try {
    const client = await connectRaw(server.port);
    await body(client, server);
    if (end === 'shutdown') {
      client.send('SHUTDOWN\r\n');
      await server.exited;
    } else await written(client);
    await client.close();
    return server.logText();
  } finally {
    await server.kill();
  }
}

/** With appendfsync everysec a write may wait up to two seconds for the fsync under way; a crash would take it along. */
async function written(client: RawClient): Promise<void> {
  await waitFor(async () => ['0', undefined].includes((await infoOf(client, 'persistence')).get('aof_buffer_length')), {
    what: 'the file to hold everything',
  });
}

const digestOf = async (client: RawClient): Promise<string> => String(await client.ok('DEBUG', 'DIGEST'));

async function rewritten(client: RawClient): Promise<void> {
  await client.ok('BGREWRITEAOF');
  await rewriteOver(client);
}

async function rewriteOver(client: RawClient): Promise<void> {
  await waitFor(
    async () => {
      const info = await infoOf(client, 'persistence');
      return info.get('aof_rewrite_in_progress') === '0' && info.get('aof_rewrite_scheduled') === '0';
    },
    { what: 'the rewrite to end' },
  );
  assert.equal((await infoOf(client, 'persistence')).get('aof_last_bgrewrite_status'), 'ok');
}

async function assertClean(dir: string): Promise<void> {
  const { stdout, code } = await runTool('redis-check-aof', [join(dir, 'appendonlydir', 'appendonly.aof.manifest')]);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /All AOF files and manifest are valid/);
}

const filesIn = (dir: string): string[] => readdirSync(join(dir, 'appendonlydir')).toSorted();
const read = (dir: string, name: string): string => readFileSync(join(dir, 'appendonlydir', name), 'latin1');

/** Commands that are propagated as other ones, several at once, or in other databases. */
async function writeSome(client: RawClient): Promise<void> {
  await client.ok('SET', 'plain', 'value');
  await client.ok('SET', 'volatile', 'value', 'EX', 5000);
  await client.ok('SADD', 'set', 'a', 'b', 'c');
  await client.ok('SPOP', 'set');
  await client.ok('SELECT', 5);
  await client.ok('INCRBYFLOAT', 'float', '1.5');
  for (const command of [['MULTI'], ['INCR', 'n'], ['SELECT', '2'], ['INCR', 'n'], ['EXEC']])
    await client.ok(...command);
  await client.ok('SWAPDB', 2, 3);
  await client.ok('SELECT', 0);
  await client.ok('GETDEL', 'plain');
  await client.ok('PUBLISH', 'channel', 'not kept');
}

for (const [writer, reader, name] of [
  [startHeadwater, startRedis, 'redis-server'],
  [startRedis, startHeadwater, 'Headwater'],
  [startHeadwater, startHeadwater, 'another start'],
] as const)
  for (const preamble of ['yes', 'no'])
    test(
      `what was appended and rewritten is loaded by ${name} (aof-use-rdb-preamble ${preamble})`,
      TIMEOUT,
      async () => {
        const dir = tempDir();
        const args = ['--aof-use-rdb-preamble', preamble, '--aof-timestamp-enabled', 'yes'];
        let digest = '';
        try {
          await using(writer, dir.path, args, async (client) => {
            await sendAll(client, dataset(1, KEYS));
            await writeSome(client);
            await rewritten(client);
            await client.ok('SELECT', 9);
            await sendAll(client, dataset(2, 100));
            digest = await digestOf(client);
          });
          await assertClean(dir.path);
          assert.equal(filesIn(dir.path).length, 3);
          await using(reader, dir.path, args, async (client) => {
            assert.equal(await digestOf(client), digest);
            await client.ok('SET', 'afterwards', '1');
            await rewritten(client);
            await client.ok('SET', 'afterwards', '2');
            digest = await digestOf(client);
          });
          await assertClean(dir.path);
          await using(writer, dir.path, args, async (client) => assert.equal(await digestOf(client), digest));
        } finally {
          dir.remove();
        }
      },
    );

test('the files have the names, the manifest and the bytes that redis-server gives them', TIMEOUT, async () => {
  const contents = await Promise.all(
    [startHeadwater, startRedis].map(async (start) => {
      const dir = tempDir();
      try {
        const seen: unknown[] = [];
        const look = (): void => {
          for (const file of filesIn(dir.path)) {
            const text = read(dir.path, file);
            // What was popped, and times to come, are each server's own.
            if (file.endsWith('.aof') || file.endsWith('.manifest'))
              seen.push(
                file,
                text.replaceAll(/\$13\r\n\d{13}/g, 'TIME').replace(/SREM\r\n\$3\r\nset\r\n\$1\r\n./, 'POP'),
              );
            else seen.push(file);
          }
        };
        await using(start, dir.path, ['--aof-use-rdb-preamble', 'no'], async (client) => {
          await writeSome(client);
          await written(client);
          look();
          await client.ok('DEL', 'set');
          await rewritten(client);
          await client.ok('SET', 'last', '1');
          await waitFor(() => filesIn(dir.path).length === 3, { what: 'the history to be deleted' });
          await written(client);
          seen.push(read(dir.path, 'appendonly.aof.manifest'), read(dir.path, 'appendonly.aof.2.incr.aof'));
        });
        return seen;
      } finally {
        dir.remove();
      }
    }),
  );
  assert.deepEqual(contents[0], contents[1]);
});

test('appendonly is switched on and off while the server runs', TIMEOUT, async () => {
  const dir = tempDir();
  try {
    let digest = '';
    await using(startHeadwater, dir.path, ['--appendonly', 'no'], async (client) => {
      await sendAll(client, dataset(3, KEYS));
      assert.equal((await infoOf(client, 'persistence')).get('aof_enabled'), '0');
      await client.ok('CONFIG', 'SET', 'appendonly', 'yes');
      await client.ok('SET', 'while it is written', '1');
      await rewriteOver(client);
      await client.ok('SET', 'afterwards', '1');
      digest = await digestOf(client);
      assert.deepEqual(filesIn(dir.path), [
        'appendonly.aof.1.base.rdb',
        'appendonly.aof.1.incr.aof',
        'appendonly.aof.manifest',
      ]);
      await client.ok('CONFIG', 'SET', 'appendonly', 'no');
      await client.ok('SET', 'not appended', '1');
    });
    await using(startRedis, dir.path, [], async (client) => {
      assert.equal(await digestOf(client), digest);
    });
  } finally {
    dir.remove();
  }
});

test('the append only file wins over the RDB file, and a first start with it begins empty', TIMEOUT, async () => {
  const dir = tempDir();
  try {
    await using(startHeadwater, dir.path, ['--appendonly', 'no'], async (client) => {
      await client.ok('SET', 'in', 'rdb');
      await client.ok('SAVE');
    });
    await using(startHeadwater, dir.path, [], async (client) => {
      assert.equal(await client.ok('DBSIZE'), 0);
      await client.ok('SET', 'in', 'aof');
      await client.ok('SAVE');
      await client.ok('SET', 'in', 'aof only');
    });
    await using(startHeadwater, dir.path, [], async (client) => assert.equal(await client.ok('GET', 'in'), 'aof only'));
  } finally {
    dir.remove();
  }
});

/** Starts a server that must not come up; resolves to its log and exit code. */
function refusedStart(
  dir: string,
  args: readonly string[] = [],
): Promise<{ readonly log: string; readonly code: number | null }> {
  return startHeadwater(['--appendonly', 'yes', ...args], { dir }).then(
    async (server) => {
      await server.kill();
      return assert.fail('it started');
    },
    (error: Error) => ({ log: error.message, code: Number(/ended with (\d+)/.exec(error.message)?.[1]) }),
  );
}

test('a file that ends in the middle of a command or a transaction is cut back, or refused', TIMEOUT, async () => {
  const dir = tempDir();
  const incr = join(dir.path, 'appendonlydir', 'appendonly.aof.1.incr.aof');
  try {
    await using(startHeadwater, dir.path, [], async (client) => {
      await client.ok('SET', 'a', '1');
    });
    const whole = readFileSync(incr);
    for (const [tail, line] of [
      ['*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$100\r\nxx', /Truncating the AOF .* at offset/],
      ['*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\nx\r\n', /Revert incomplete MULTI\/EXEC transaction/],
    ] as const) {
      appendFileSync(incr, tail);
      const { log, code } = await refusedStart(dir.path, ['--aof-load-truncated', 'no']);
      assert.match(log, /Unexpected end of file reading the append only file/);
      assert.equal(code, 1);
      assert.equal(readFileSync(incr).length, whole.length + tail.length, 'nothing was cut');
      const said = await using(startHeadwater, dir.path, [], async (client) => {
        assert.equal(await client.ok('GET', 'a'), '1');
        assert.equal(await client.ok('GET', 'b'), null);
      });
      assert.match(said, line);
      assert.deepEqual(readFileSync(incr), whole);
    }
    await assertClean(dir.path);
  } finally {
    dir.remove();
  }
});

test('a broken file or manifest ends the start with the reason, and stays as it is', TIMEOUT, async () => {
  const dir = tempDir();
  const folder = join(dir.path, 'appendonlydir');
  const manifest = join(folder, 'appendonly.aof.manifest');
  const incr = join(folder, 'appendonly.aof.1.incr.aof');
  try {
    await using(startHeadwater, dir.path, [], async (client) => {
      await client.ok('SET', 'a', '1');
    });
    const [goodManifest, goodIncr] = [readFileSync(manifest), readFileSync(incr)];
    for (const [path, bytes, line] of [
      [incr, Buffer.concat([Buffer.from('garbage\r\n'), goodIncr]), /Bad file format reading the append only file/],
      [incr, Buffer.from('*1\r\n$9\r\nNOCOMMAND\r\n'), /Unknown command 'NOCOMMAND' reading the append only file/],
      [manifest, Buffer.alloc(0), /Found an empty AOF manifest/],
      [manifest, Buffer.from('file x seq 1\n'), /Invalid AOF manifest file format/],
      [manifest, Buffer.from('file ../x seq 1 type b\n'), /File can't be a path, just a filename/],
      [manifest, Buffer.from('file x seq 1 type b\nfile y seq 2 type b\n'), /Found duplicate base file information/],
      [manifest, Buffer.from('file x seq 2 type i\nfile y seq 2 type i\n'), /Found a non-monotonic sequence number/],
      [manifest, Buffer.from('file x seq 2 type q\n'), /Unknown AOF file type/],
      [manifest, Buffer.from('file missing seq 1 type b\n'), /Unable to obtain the AOF file missing length/],
    ] as const) {
      writeFileSync(path, bytes);
      const { log, code } = await refusedStart(dir.path);
      assert.match(log, line);
      assert.equal(code, 1);
      assert.deepEqual(readFileSync(path), bytes);
      const theirs = await runToEnd(dir.path);
      assert.match(theirs.output, line, 'redis-server says the same');
      writeFileSync(manifest, goodManifest);
      writeFileSync(incr, goodIncr);
    }
  } finally {
    dir.remove();
  }
});

/** Starts redis-server there, which must refuse to. */
async function runToEnd(dir: string): Promise<{ readonly output: string }> {
  const words = ['--port', '0', '--unixsocket', join(dir, 'socket'), '--dir', dir, '--appendonly', 'yes', '--save', ''];
  const { stdout } = await runTool('redis-server', words);
  return { output: stdout };
}

for (const preamble of ['yes', 'no'])
  test(`the single file of an older Redis is taken over (with an RDB in front: ${preamble})`, TIMEOUT, async () => {
    const dir = tempDir();
    try {
      let digest = '';
      await using(startRedis, dir.path, ['--aof-use-rdb-preamble', preamble], async (client) => {
        await sendAll(client, dataset(4, 300));
        await rewritten(client);
        await client.ok('SET', 'tail', '1');
        digest = await digestOf(client);
      });
      const folder = join(dir.path, 'appendonlydir');
      const base = filesIn(dir.path).find((file) => file.includes('.base.'))!;
      const tail = filesIn(dir.path).find((file) => file.includes('.incr.'))!;
      // Such a file was the two behind each other.
      const single = Buffer.concat([readFileSync(join(folder, base)), readFileSync(join(folder, tail))]);
      const old = tempDir();
      try {
        writeFileSync(join(old.path, 'appendonly.aof'), single);
        const log = await using(startHeadwater, old.path, [], async (client) => {
          assert.equal(await digestOf(client), digest);
          await client.ok('SET', 'new', '1');
          digest = await digestOf(client);
        });
        assert.match(log, /Successfully migrated an old-style AOF file/);
        assert.deepEqual(filesIn(old.path), ['appendonly.aof', 'appendonly.aof.1.incr.aof', 'appendonly.aof.manifest']);
        await assertClean(old.path);
        await using(startRedis, old.path, [], async (client) => assert.equal(await digestOf(client), digest));
      } finally {
        old.remove();
      }
    } finally {
      dir.remove();
    }
  });

test('a replica appends what its master did, and starts anew after a full sync', TIMEOUT, async () => {
  const [masterDir, replicaDir] = [tempDir(), tempDir()];
  try {
    await using(startRedis, masterDir.path, ['--appendonly', 'no'], async (master, { port }) => {
      await sendAll(master, dataset(5, 300));
      let digest = '';
      await using(startHeadwater, replicaDir.path, [], async (replica) => {
        await replica.ok('SET', 'old', 'data');
        await replica.ok('REPLICAOF', '127.0.0.1', port);
        await waitFor(async () => (await infoOf(replica, 'replication')).get('master_link_status') === 'up', {
          what: 'the link to be up',
        });
        await writeSome(master);
        await rewriteOver(replica);
        await writeSome(master);
        await master.ok('SET', 'end', '1');
        await waitFor(async () => (await replica.ok('GET', 'end')) === '1', { what: 'the last write to arrive' });
        digest = await digestOf(master);
        assert.equal(await digestOf(replica), digest);
      });
      await assertClean(replicaDir.path);
      await using(startHeadwater, replicaDir.path, [], async (client) => assert.equal(await digestOf(client), digest));
      await using(startRedis, replicaDir.path, [], async (client) => assert.equal(await digestOf(client), digest));
    });
  } finally {
    masterDir.remove();
    replicaDir.remove();
  }
});

test('SHUTDOWN flushes the file to disk, and a rewrite waits for a save', TIMEOUT, async () => {
  const dir = tempDir();
  try {
    const log = await using(
      startHeadwater,
      dir.path,
      [],
      async (client) => {
        await client.ok('SET', 'a', '1');
        for (const command of [['MULTI'], ['BGREWRITEAOF'], ['BGSAVE']]) await client.ok(...command);
        assert.deepEqual(await client.ok('EXEC'), [
          'Background append only file rewriting scheduled',
          'Background saving scheduled',
        ]);
        await rewriteOver(client);
        await waitFor(async () => (await infoOf(client, 'persistence')).get('rdb_saves') === '1', { what: 'the save' });
      },
      'shutdown',
    );
    assert.match(log, /Calling fsync\(\) on the AOF file\./);
    await assertClean(dir.path);
  } finally {
    dir.remove();
  }
});

test('functions are kept in the files, in either form', TIMEOUT, async () => {
  const dir = tempDir();
  const code = '#!lua name=lib\nredis.register_function("f", function() return 7 end)';
  try {
    await using(startRedis, dir.path, [], async (client) => {
      await client.ok('FUNCTION', 'LOAD', '#!lua name=gone\nredis.register_function("g", function() return 7 end)');
      await client.ok('FUNCTION', 'LOAD', code);
      await client.ok('FUNCTION', 'DELETE', 'gone');
    });
    for (const preamble of ['yes', 'no'])
      await using(startHeadwater, dir.path, ['--aof-use-rdb-preamble', preamble], async (client) => {
        assert.equal((await infoOf(client, 'memory')).get('number_of_libraries'), '1');
        await rewritten(client);
      });
    assert.match(read(dir.path, 'appendonly.aof.3.base.aof'), /FUNCTION\r\n\$4\r\nLOAD\r\n/);
    await using(startRedis, dir.path, [], async (client) => {
      assert.equal(await client.ok('FCALL', 'f', 0), 7);
    });
  } finally {
    dir.remove();
  }
});

for (const appendfsync of ['always', 'everysec'])
  test(`WAITAOF counts fsyncs, here and on a replica (appendfsync ${appendfsync})`, TIMEOUT, async () => {
    const [masterDir, replicaDir] = [tempDir(), tempDir()];
    const args = ['--appendfsync', appendfsync];
    try {
      await using(startHeadwater, masterDir.path, args, async (master, { port }) => {
        await master.ok('SET', 'alone', '1');
        assert.deepEqual(await master.ok('WAITAOF', 1, 0, 0), [1, 0]);
        await using(startHeadwater, replicaDir.path, [...args, '--replicaof', `127.0.0.1 ${port}`], async (replica) => {
          await waitFor(async () => (await infoOf(replica, 'replication')).get('master_link_status') === 'up', {
            what: 'the link to be up',
          });
          await rewriteOver(replica);
          await master.ok('SET', 'both', '1');
          assert.deepEqual(await master.ok('WAITAOF', 1, 1, 0), [1, 1]);
        });
      });
    } finally {
      masterDir.remove();
      replicaDir.remove();
    }
  });
