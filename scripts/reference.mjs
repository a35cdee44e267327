// Writes docs/reference/ from the tables of commands and directives, or with --check fails if it is out of date.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Markdown pages by path, from the compiled tables in `buildDir` (default: build/). */
export async function referencePages(buildDir = join(root, 'build')) {
  const load = (path) => import(pathToFileURL(join(buildDir, path)).href);
  const { families } = await load('src/commands/index.js');
  const { directives } = await load('src/server/config/values.js');
  return new Map([
    ['docs/reference/commands.md', commandsPage(families.flat())],
    ['docs/reference/directives.md', directivesPage(directives)],
  ]);
}

const note = (table) =>
  `Generated from ${table} by \`node scripts/reference.mjs\` after \`npm run build:all\`; do not edit by hand.\n\n`;
const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (cells) => `| ${cells.map(cell).join(' | ')} |\n`;

function commandsPage(rows) {
  let page = `# Commands\n\n${note('the command tables in src/commands/')}`;
  const groups = [...new Set(rows.map((r) => r.group))].sort((a, b) => (a < b ? -1 : 1));
  for (const group of groups) {
    page += `## ${group}\n\n| command | arity | flags | since | complexity | what it does |\n|---|---|---|---|---|---|\n`;
    const inGroup = rows.filter((r) => r.group === group).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const r of inGroup) {
      for (const c of [r, ...(r.subcommands ?? [])]) {
        if (c.handler === undefined) continue;
        page += row([
          c.name.replace('|', ' ').toUpperCase(),
          c.arity,
          c.flags.join(' '),
          c.since,
          c.complexity,
          c.summary,
        ]);
      }
    }
    page += '\n';
  }
  return page + coverage(rows);
}

/** What redis-server 7.0 lists, and whether it is here. */
function coverage(rows) {
  const here = new Set(rows.flatMap((r) => [r.name, ...(r.subcommands ?? []).map((sub) => sub.name)]));
  const theirs = JSON.parse(readFileSync(join(root, 'scripts', 'redis-7.0-commands.json'), 'utf8'));
  const shown = (name) => name.replace('|', ' ').toUpperCase();
  const names = (list) => list.map(shown).join(', ') || 'none';
  let page =
    '## Compared with redis-server 7.0\n\n' +
    'All that `COMMAND` of redis-server 7.0.15 lists, subcommands included, by its groups.\n\n' +
    '| group | there | here | missing |\n|---|---|---|---|\n';
  const excepted = ['cluster', 'scripting'];
  for (const [group, list] of Object.entries(theirs)) {
    const missing = list.filter((name) => !here.has(name));
    page += row([group, list.length, list.length - missing.length, names(missing)]);
  }
  page +=
    '\nThose of cluster mode and scripting are there by name, with the facts that clients ask for, but do not do their work yet:\n' +
    'cluster mode is off, and scripts and functions are not run (libraries are kept, listed, saved and passed on).\n\n';
  for (const group of excepted) page += `- ${group}: ${names(theirs[group])}\n`;
  const more = rows
    .flatMap((r) => [r, ...(r.subcommands ?? [])])
    .map((r) => r.name)
    .filter((name) => !Object.values(theirs).flat().includes(name));
  return `${page}\nBeyond 7.0: ${names(more.sort())}.\n`;
}

function directivesPage(directives) {
  let page = `# Directives of redis.conf\n\n${note('the directive tables in src/server/config/')}`;
  page +=
    '`full`: works as in Redis. `accepted`: any value is taken and shown, but changes nothing. `refused`: must keep its\n' +
    'default, because ignoring another value would break a promise.\n\n';
  page += '| directive | default | support | note |\n|---|---|---|---|\n';
  for (const d of [...directives].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (d.hidden) continue;
    page += row([d.name, `\`${d.initial.join(' ') || '""'}\``, d.support, d.note]);
  }
  return page;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let stale = false;
  for (const [path, text] of await referencePages()) {
    const file = join(root, path);
    let old = '';
    try {
      old = readFileSync(file, 'utf8');
    } catch {
      // New page.
    }
    if (old === text) continue;
    stale = true;
    if (process.argv.includes('--check')) console.error(`${path} is out of date`);
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      console.log(`wrote ${path}`);
    }
  }
  if (stale && process.argv.includes('--check')) process.exitCode = 1;
}
