/** Replies of XINFO in the form in which Redis 7.0 gives them: without what 7.2 added, and without times. */
import assert from 'node:assert/strict';
import type { RawClient } from './raw-client.ts';
import type { Reply } from './resp.ts';

/**
 * All streams of the first `databases` databases are the same on all nodes: entries, groups, consumers and what waits for an
 * acknowledgement, of which DEBUG DIGEST says nothing. Returns how many groups were compared.
 */
export async function equalStreams(nodes: readonly RawClient[], databases: number): Promise<number> {
  // A stream whose time comes in the middle is there for one node and not for another; the next time it is gone.
  try {
    return await compareStreams(nodes, databases);
  } catch {
    return compareStreams(nodes, databases);
  }
}

async function compareStreams(nodes: readonly RawClient[], databases: number): Promise<number> {
  let groups = 0;
  for (let database = 0; database < databases; database++) {
    for (const node of nodes) await node.ok('SELECT', database);
    const keys = (await nodes[0]!.ok('KEYS', '*')) as readonly string[];
    for (const key of keys) {
      if ((await nodes[0]!.ok('TYPE', key)) !== 'stream') continue;
      const [first, ...others] = await Promise.all(
        nodes.map(async (node) => plainInfo(await node.ok('XINFO', 'STREAM', key, 'FULL', 'COUNT', 0))),
      );
      for (const other of others) assert.deepEqual(other, first, `stream ${key} in database ${database}`);
      const info = new Map(first as readonly (readonly [string, unknown])[]);
      groups += (info.get('groups') as readonly unknown[]).length;
    }
  }
  return groups;
}

const added: readonly string[] = ['active-time', 'inactive'];
/** Depends on when the commands ran. */
const times: readonly string[] = ['seen-time', 'idle'];

/** The reply with maps as arrays of pairs; times become their type, and those of deliveries too. */
export function plainInfo(reply: Reply): unknown {
  if (reply instanceof Map) return pairs([...reply].flat() as Reply[]);
  if (!Array.isArray(reply)) return reply;
  const items = reply as Reply[];
  if (items.length % 2 === 0 && typeof items[0] === 'string' && items[0] === 'name') return pairs(items);
  if (items.length % 2 === 0 && items[0] === 'length') return pairs(items);
  return items.map(plainInfo);
}

function pairs(items: readonly Reply[]): unknown {
  const result: unknown[] = [];
  for (let i = 0; i < items.length; i += 2) {
    const name = String(items[i]);
    if (added.includes(name)) continue;
    let value: unknown = plainInfo(items[i + 1]!);
    if (times.includes(name)) value = typeof value;
    if (name === 'pending' && Array.isArray(value)) value = (value as unknown[][]).map(withoutTime);
    result.push([name, value]);
  }
  return result;
}

/** [id, (consumer,) time, count] */
function withoutTime(pending: unknown[]): unknown[] {
  return pending.toSpliced(pending.length - 2, 1, typeof pending.at(-2));
}
