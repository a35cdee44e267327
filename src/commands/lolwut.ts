/**
 * LOLWUT: a drawing made by chance, a different one each time, and the version. Ours is a river: springs in the hills at the top,
 * which meet on their way down. LOLWUT [VERSION <n>] [columns [rows]]; there is one drawing, whatever the version.
 */
import { headwaterVersion, redisVersion } from '../base/version.ts';
import type { Random } from '../base/ambient.ts';
import type { Call } from './call.ts';
import type { CommandRow } from './row.ts';

const COLUMNS = 64;
const ROWS = 16;
const COLUMNS_MAX = 200;
const ROWS_MAX = 60;
/** Columns of land for each spring. */
const LAND = 9;
/** Of so many places on land one has a tree or a stone. */
const BARE = 14;

/** Lines of text, at most `columns` wide. */
export function drawRiver(columns: number, rows: number, random: Random): readonly string[] {
  const below = (limit: number): number => random.uint32() % limit;
  let streams = Array.from({ length: Math.max(1, Math.floor(columns / LAND)) }, (_, i) => ({
    at: Math.min(columns - 1, i * LAND + below(LAND)),
    width: 1,
  }));
  const lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    const line: string[] = Array.from({ length: columns }, () => (below(BARE) > 0 ? ' ' : row < rows / 3 ? '^' : '.'));
    for (const { at, width } of streams)
      for (let i = 0; i < width; i++) line[Math.min(columns - 1, at + i)] = below(3) === 0 ? '-' : '~';
    lines.push(line.join('').trimEnd());
    const moved = streams.map(({ at, width }) => ({
      // Towards the middle more often than away from it.
      at: Math.max(0, Math.min(columns - width, at + (at + width / 2 < columns / 2 ? 1 : -1) * (below(4) - 1))),
      width,
    }));
    streams = [];
    for (const next of moved) {
      const last = streams.at(-1);
      if (last === undefined || next.at > last.at + last.width) streams.push(next);
      else last.width = Math.min(columns - last.at, last.width + next.width);
    }
  }
  return lines;
}

function lolwut(call: Call): void {
  let next = 1;
  if (call.count >= 3 && call.is(1, 'version')) {
    call.integer(2);
    next = 3;
  }
  const size = (index: number, usual: number, most: number): number => {
    const given = index < call.count ? Number(call.text(index)) : usual;
    return Number.isInteger(given) ? Math.max(1, Math.min(most, given)) : usual;
  };
  const lines = drawRiver(size(next, COLUMNS, COLUMNS_MAX), size(next + 1, ROWS, ROWS_MAX), call.services.random);
  call.reply.verbatim(`${lines.join('\n')}\n\nHeadwater ver. ${headwaterVersion}, speaks Redis ver. ${redisVersion}\n`);
}

export const lolwutCommands: readonly CommandRow[] = [
  {
    name: 'lolwut',
    arity: -1,
    flags: ['readonly', 'fast'],
    categories: [],
    group: 'server',
    since: '5.0.0',
    complexity: 'O(1)',
    summary: 'Draws something, and names the version.',
    handler: lolwut,
  },
];
