/** Real Sentinels (`redis-server --sentinel`), each with its own configuration file, ended by their pids. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { atExit } from './at-exit.ts';
import { freePort } from './free-port.ts';
import { connectRaw, type RawClient } from './raw-client.ts';
import { tempDir } from './temp-dir.ts';
import { waitFor, within } from './wait.ts';

/** The name under which all of them watch the master. */
export const MASTER_NAME = 'mymaster';

export interface Sentinel {
  readonly port: number;
  readonly client: RawClient;
  logText(): string;
}

/** Starts `count` Sentinels that watch the master at `masterPort`; resolves once they know each other and `replicas` replicas. */
export async function startSentinels(
  t: TestContext,
  masterPort: number,
  count: number,
  replicas: number,
): Promise<Sentinel[]> {
  const quorum = Math.floor(count / 2) + 1;
  const sentinels = await Promise.all(Array.from({ length: count }, () => startSentinel(t, masterPort, quorum)));
  for (const sentinel of sentinels) {
    const know = async (): Promise<boolean> => {
      const master = await fields(sentinel.client, 'SENTINEL', 'MASTER', MASTER_NAME);
      return master.get('num-other-sentinels') === String(count - 1) && master.get('num-slaves') === String(replicas);
    };
    await waitFor(know, { what: 'the Sentinels to know each other and the replicas', timeoutMs: 60_000 }).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}\n${sentinel.logText()}`);
      },
    );
  }
  return sentinels;
}

async function startSentinel(t: TestContext, masterPort: number, quorum: number): Promise<Sentinel> {
  const dir = tempDir();
  const port = await freePort();
  const file = join(dir.path, 'sentinel.conf');
  writeFileSync(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${dir.path}`,
      `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} ${quorum}`,
      `sentinel down-after-milliseconds ${MASTER_NAME} 1500`,
      `sentinel failover-timeout ${MASTER_NAME} 6000`,
      `sentinel parallel-syncs ${MASTER_NAME} 2`,
      '',
    ].join('\n'),
  );
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  const cancel = atExit(kill);
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let log = '';
  const ready = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text;
        if (log.includes('Sentinel ID is')) resolve();
      });
    child.once('error', reject);
    void exited.then(() => reject(new Error(`the Sentinel ended:\n${log}`)));
  });
  t.after(async () => {
    kill();
    await exited;
    cancel();
    dir.remove();
  });
  await within(ready, 20_000, 'a Sentinel to be ready');
  const client = await connectRaw(port);
  t.after(() => client.close());
  return { port, client, logText: () => log };
}

/** The port of the master that a Sentinel tells clients. */
export async function masterPortOf(sentinel: Sentinel): Promise<number> {
  const address = await sentinel.client.value('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME);
  return Number((address as unknown as readonly string[])[1]);
}

/** A flat list of names and values. */
async function fields(client: RawClient, ...command: readonly string[]): Promise<Map<string, string>> {
  const flat = (await client.value(...command)) as unknown as readonly string[];
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < flat.length; i += 2) map.set(String(flat[i]), String(flat[i + 1]));
  return map;
}
