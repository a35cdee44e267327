/** What a master logs when replicas ask for everything, alone, together, or while another snapshot is written: redis-server's lines. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { waitFor } from '../support/wait.ts';

interface Scene {
  readonly client: RawClient;
  /** Attaches a replica that says nothing more, and waits for a line of the log that tells how it is dealt with. */
  replica(expected: string, options?: { readonly eof?: false }): Promise<void>;
  /** Waits for a line of the log. */
  logged(text: string, times?: number): Promise<void>;
}

function compared(title: string, args: readonly string[], body: (scene: Scene) => Promise<void>): void {
  test(title, { timeout: 120_000 }, async (t) => {
    const slowly = ['--rdb-key-save-delay', '50000', ...args];
    const [ours, theirs] = await Promise.all([
      played(t, await startHeadwater(slowly), body),
      played(t, await startRedis(slowly), body),
    ]);
    assert.deepEqual(ours, theirs);
  });
}

async function played(
  t: TestContext,
  server: ServerProcess,
  body: (scene: Scene) => Promise<void>,
): Promise<readonly string[]> {
  t.after(() => server.stop());
  const client = await connectRaw(server.port);
  t.after(() => client.close());
  // With the delay for each key a snapshot takes a second.
  for (let i = 0; i < 20; i++) await client.ok('SET', `k${i}`, 'v');
  const start = server.logText().length;
  const count = (text: string): number => server.logText().slice(start).split(text).length - 1;
  const logged = async (text: string, times = 1): Promise<void> => {
    await waitFor(() => count(text) >= times, { what: `"${text}", ${times} times, in the log` });
  };
  await body({
    client,
    logged,
    replica: async (expected, options) => {
      const before = count(expected);
      const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
      t.after(() => socket.destroy());
      socket.on('error', () => {});
      socket.write(`REPLCONF capa psync2${options?.eof === false ? '' : ' capa eof'}\r\n`);
      socket.once('data', () => {
        socket.on('data', () => {});
        socket.write('PSYNC ? -1\r\n');
      });
      await logged(expected, before + 1);
    },
  });
  return linesOf(server.logText().slice(start));
}

const told =
  /asks for|resync requested|Starting BGSAVE|Delay next|Waiting for|Can't attach|delayed|Synchronization|RDB transfer|rdb transfer/;

function linesOf(log: string): readonly string[] {
  return log
    .split('\n')
    .filter((line) => told.test(line))
    .map((line) => line.replace(/^\d+:(\w) \d+ \w+ \d{4} [\d:.]+ /, '$1 '))
    .map((line) => line.replace(/client id #\d+|127\.0\.0\.1:\S+/, 'NAME').replace(/pid \d+/, 'pid N'));
}

const requested = 'Full resync requested by replica';
const done = 'Synchronization with replica';
const DISKLESS = ['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay'];
const DISK = ['--repl-diskless-sync', 'no'];

compared('diskless: a replica that comes in the middle waits for the next', [...DISKLESS, '0'], async (scene) => {
  await scene.replica('Background RDB transfer started');
  await scene.replica('Current BGSAVE has socket target');
  await scene.logged(done, 2);
});

compared('diskless: the delay is told, and ends with the most replicas', [...DISKLESS, '1000'], async (scene) => {
  // So long that nothing more is logged.
  await scene.client.ok('CONFIG', 'SET', 'rdb-key-save-delay', 10_000_000);
  await scene.client.ok('CONFIG', 'SET', 'repl-diskless-sync-max-replicas', 2);
  await scene.replica('Delay next BGSAVE');
  await scene.client.ok('CONFIG', 'SET', 'repl-diskless-sync-max-replicas', 3);
  await scene.replica('Delay next BGSAVE');
  await scene.replica('Background RDB transfer started');
});

compared(
  'one that does not read a stream of unknown length gets a file at once',
  [...DISKLESS, '1000'],
  async (scene) => {
    await scene.replica('Starting BGSAVE', { eof: false });
    await scene.logged(done);
  },
);

compared('disk: a replica that comes in the middle shares the file', DISK, async (scene) => {
  await scene.replica('Starting BGSAVE');
  await scene.replica('Waiting for end of BGSAVE');
  await scene.logged(done, 2);
});

for (const [target, args] of [
  ['disk', DISK],
  ['diskless', [...DISKLESS, '0']],
] as const) {
  compared(`${target}: a save of the RDB file under way is waited for`, args, async (scene) => {
    await scene.client.ok('BGSAVE');
    await scene.replica("Can't attach the replica");
    await scene.logged(done);
  });

  compared(
    `${target}: a rewrite of the append only file is waited for`,
    [...args, '--appendonly', 'yes'],
    async (scene) => {
      await scene.client.ok('BGREWRITEAOF');
      await scene.replica(requested);
      await scene.logged(done);
    },
  );
}
