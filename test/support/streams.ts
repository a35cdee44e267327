/** Replies of XINFO in the form in which Redis 7.0 gives them: without what 7.2 added, and without times. */
import type { Reply } from './resp.ts';

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
