/**
 * Writes test/lockstep/compared.json anew: for each command one test file that compares it with redis-server. Run the
 * lockstep tests first, so that they tell what they compare:
 *
 *   mkdir /tmp/recorded && HEADWATER_LOCKSTEP_RECORD=/tmp/recorded npm test lockstep
 *   node scripts/lockstep-compared.mjs /tmp/recorded
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { families } from '../build/src/commands/index.js';

const [directory] = process.argv.slice(2);
const recorded = readdirSync(directory)
  // What chance chooses is no file's claim.
  .filter((name) => name.endsWith('.json') && !name.includes('random'))
  .map((name) => [name.slice(0, -'.json'.length), new Set(JSON.parse(readFileSync(join(directory, name), 'utf8')))]);
const compared = {};
for (const family of families) {
  const names = family
    .flatMap((row) => [row, ...(row.subcommands ?? [])])
    .flatMap((row) => (row.handler ? [row.name] : []));
  // The file that compares most of a family is the one for it.
  const share = ([, set]) => names.filter((name) => set.has(name)).length;
  const files = recorded.toSorted((a, b) => share(b) - share(a) || a[1].size - b[1].size || (a[0] < b[0] ? -1 : 1));
  for (const name of names) {
    const file = files.find(([, set]) => set.has(name))?.[0];
    if (file !== undefined) (compared[file] ??= []).push(name);
  }
}
writeFileSync('test/lockstep/compared.json', `${JSON.stringify(compared, undefined, 2)}\n`);
