/** Every row of the command table is compared with redis-server somewhere. */
import test from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { families } from '../../src/commands/index.ts';

const sources = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'test');

/** Commands that cannot run in lockstep, and where they are tested instead. */
const elsewhere: { readonly [name: string]: string } = {
  replicaof: 'interop',
  slaveof: 'interop',
  psync: 'interop',
  sync: 'interop',
  replconf: 'interop',
  role: 'interop',
  shutdown: 'interop',
};

function textOf(folder: string): string {
  return readdirSync(join(sources, folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(sources, folder, name), 'utf8'))
    .join('\n')
    .toLowerCase();
}

test('every command is named in a lockstep test, or in the folder that tests it instead', () => {
  const texts = new Map<string, string>();
  const missing: string[] = [];
  for (const row of families.flat()) {
    const folder = elsewhere[row.name] ?? 'lockstep';
    if (!texts.has(folder)) texts.set(folder, textOf(folder));
    const text = texts.get(folder)!;
    for (const { name, handler } of [row, ...(row.subcommands ?? [])]) {
      if (handler === undefined) continue;
      const [container, sub] = name.split('|');
      // Commands stand in tests as the words of a call, or as a line of text.
      const named = sub === undefined ? `['"\`]${container}['" \\\\]` : `['"\`]${container}(', ['"]| )${sub}['" \\\\]`;
      if (!new RegExp(named).test(text)) missing.push(name);
    }
  }
  assert.deepEqual(missing, []);
});
