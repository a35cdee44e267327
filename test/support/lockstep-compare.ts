/** How two replies are compared and how their difference is shown; see lockstep.ts. */
import { ReplyError } from './resp.ts';
import type { Reply } from './resp.ts';

const longestShown = 400;
const shownAroundDifference = 120;

/** Undefined when equal in the normalized form; otherwise the two replies, readable, around the first difference. */
export function difference(ours: Buffer, theirs: Buffer, normalize: (raw: Buffer) => unknown): string | undefined {
  const [left, right] = [show(normalize(theirs)), show(normalize(ours))];
  if (left === right) return undefined;
  if (left.length <= longestShown && right.length <= longestShown) return `redis     ${left}\nheadwater ${right}`;
  let at = 0;
  while (left[at] === right[at]) at++;
  const from = Math.max(0, at - shownAroundDifference);
  const excerpt = (text: string): string => `...${text.slice(from, at + shownAroundDifference)}...`;
  return `first difference at character ${at} of ${left.length} and ${right.length}:\nredis     ${excerpt(left)}\nheadwater ${excerpt(right)}`;
}

/** One line of text that is different for different values. */
export function show(value: unknown): string {
  if (value instanceof ReplyError) return `error ${JSON.stringify(value.message)}`;
  if (value instanceof Set) return `set ${show([...value])}`;
  if (value instanceof Map) return `map ${show([...value])}`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The elements of an array or set, sorted; other replies stay as they are. The kind of collection is kept. */
export function sortedElements(reply: Reply): unknown {
  if (reply instanceof Set) return new Set([...reply].map(show).toSorted());
  return Array.isArray(reply) ? reply.map(show).toSorted() : reply;
}

/** Pairs of a map or of a flat array; other replies stay as they are. */
export function pairsOf(reply: Reply): unknown {
  if (!Array.isArray(reply)) return reply;
  if (reply.length % 2 !== 0) return reply;
  return reply.flatMap((field, i) => (i % 2 === 0 ? [[field, reply[i + 1]]] : []));
}

export function sortedPairs(pairs: unknown): unknown {
  if (pairs instanceof Map) return new Set([...pairs].map(show).toSorted());
  return Array.isArray(pairs) ? pairs.map(show).toSorted() : pairs;
}

/** The types of a raw reply: the text of an error, the length of each collection, the nullness of each string. */
export function shapeOf(raw: Buffer): string {
  const types: string[] = [];
  for (let at = 0; at < raw.length;) {
    const lineEnd = raw.indexOf('\r\n', at);
    const type = String.fromCharCode(raw[at]!);
    const line = raw.toString('latin1', at + 1, lineEnd);
    at = lineEnd + 2;
    const isNullString = type === '$' && line === '-1';
    if ('*~%>|-!'.includes(type) || isNullString) types.push(type + line);
    else types.push(type);
    if ('$=!'.includes(type) && !isNullString) at += Number(line) + 2;
  }
  return types.join(' ');
}
