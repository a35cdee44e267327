/** A server that loads answers: INFO tells how far it is, the data is not there yet, and it can be stopped. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataset, sendAll } from '../support/dataset.ts';
import { freePort } from '../support/free-port.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { infoOf } from '../support/replication.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const TIMEOUT = { timeout: 120_000 };
const KEYS = 2000;
/** 40 s for all keys: long enough to look around on a busy machine, and never waited for. */
const SLOWLY = ['--key-load-delay', '20000', '--loading-process-events-interval-bytes', '1024'];

/** A directory with an RDB file and an append only file of the same data. */
async function filled(): Promise<ReturnType<typeof tempDir>> {
  const dir = tempDir();
  const server = await startRedis(['--appendonly', 'yes'], { dir: dir.path });
  const client = await connectRaw(server.port);
  await sendAll(client, dataset(1, KEYS));
  await client.ok('SAVE');
  await client.close();
  await server.kill();
  return dir;
}

/** Starts a server that takes its time to load; `body` runs meanwhile. */
async function whileLoading(
  start: typeof startHeadwater,
  dir: string,
  args: readonly string[],
  body: (client: RawClient) => Promise<void>,
): Promise<string> {
  const port = await freePort();
  const started = start([...SLOWLY, ...args], { dir, port }).then(
    async (server) => {
      await server.kill();
      return assert.fail('it was to be stopped while it loads');
    },
    (error: Error) => error.message,
  );
  let client!: RawClient;
  await waitFor(
    () =>
      connectRaw(port).then(
        (connected) => {
          client = connected;
          return true;
        },
        () => false,
      ),
    { what: 'the server to listen' },
  );
  await waitFor(async () => (await infoOf(client, 'persistence')).get('loading') === '1', {
    what: 'the load to begin',
  });
  await body(client);
  client.send('SHUTDOWN\r\n');
  const log = await started;
  await client.close();
  return log;
}

for (const appendonly of ['no', 'yes'])
  test(
    `while it loads at start (appendonly ${appendonly}) a server says how far it is, and SHUTDOWN ends it`,
    TIMEOUT,
    async () => {
      const dir = await filled();
      try {
        const names: string[][] = [];
        const file = readFileSync(join(dir.path, 'dump.rdb'));
        // Redis looks at its clients only every 1024 commands of an append only file.
        for (const start of appendonly === 'no' ? [startHeadwater, startRedis] : [startHeadwater]) {
          const log = await whileLoading(
            start,
            dir.path,
            ['--appendonly', appendonly, '--save', '1 1'],
            async (client) => {
              assert.match((await client.call('GET', 'x')).toString(), /^-LOADING /);
              assert.match((await client.call('PING')).toString(), /^-LOADING /);
              assert.match((await client.call('CONFIG', 'SET', 'appendonly', 'no')).toString(), /^-LOADING /);
              let info = new Map<string, string>();
              await waitFor(
                async () => {
                  info = await infoOf(client, 'persistence');
                  return Number(info.get('loading_loaded_bytes')) > 0;
                },
                { what: 'some bytes to be loaded' },
              );
              names.push([...info.keys()].filter((name) => name.startsWith('loading')));
              const total = Number(info.get('loading_total_bytes'));
              const loaded = Number(info.get('loading_loaded_bytes'));
              assert.ok(loaded <= total && total > 1000);
              assert.equal(info.get('async_loading'), '0');
              assert.match(String(info.get('loading_loaded_perc')), /^\d+\.\d\d$/);
              assert.ok(Math.abs(Number(info.get('loading_start_time')) - Date.now() / 1000) < 60);
            },
          );
          assert.match(log, /ended with 0 /);
          assert.deepEqual(readFileSync(join(dir.path, 'dump.rdb')), file, 'half of the data did not replace the file');
        }
        assert.deepEqual(names[0], names.at(-1));
      } finally {
        dir.remove();
      }
    },
  );

test('SIGTERM ends a server that loads', TIMEOUT, async () => {
  const dir = await filled();
  try {
    await whileLoading(startHeadwater, dir.path, [], async (client) => {
      const pid = Number((await infoOf(client, 'server')).get('process_id'));
      process.kill(pid, 'SIGTERM');
    });
  } finally {
    dir.remove();
  }
});
