/** Looking at replicating servers from outside: INFO as a map, waiting for links, offsets and equal data. */
import assert from 'node:assert/strict';
import type { RawClient } from './raw-client.ts';
import { waitFor } from './wait.ts';

/** INFO's fields; `section` as in INFO. */
export async function infoOf(client: RawClient, section = 'everything'): Promise<Map<string, string>> {
  const text = String(await client.ok('INFO', section));
  return new Map(
    text
      .split('\r\n')
      .filter((line) => line.includes(':') && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}

/** A counter of INFO stats or replication. */
export async function counter(client: RawClient, name: string): Promise<number> {
  const value = (await infoOf(client)).get(name);
  assert.ok(value !== undefined, `INFO has no ${name}`);
  return Number(value);
}

export async function linkUp(replica: RawClient, timeoutMs = 30_000): Promise<void> {
  await waitFor(async () => (await infoOf(replica, 'replication')).get('master_link_status') === 'up', {
    what: 'master_link_status:up',
    timeoutMs,
  });
}

/** Waits until every node has processed the same offset as the first, which must not be written to meanwhile. */
export async function sameOffset(nodes: readonly RawClient[], timeoutMs = 60_000): Promise<void> {
  let seen = '';
  await waitFor(
    async () => {
      const offsets = await Promise.all(
        nodes.map(async (node) => (await infoOf(node, 'replication')).get('master_repl_offset')),
      );
      seen = offsets.join(' ');
      return offsets.every((offset) => offset === offsets[0]);
    },
    { what: 'equal offsets', timeoutMs },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)} (offsets ${seen})`);
  });
}

/** DEBUG DIGEST of every node; fails unless all are equal. */
export async function equalDigests(nodes: readonly RawClient[]): Promise<string> {
  const digests = await Promise.all(nodes.map((node) => node.ok('DEBUG', 'DIGEST')));
  for (const digest of digests) assert.equal(String(digest), String(digests[0]), digests.map(String).join('\n'));
  return String(digests[0]);
}
