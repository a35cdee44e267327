/**
 * Every row of the command table is compared with redis-server somewhere. test/lockstep/compared.json says in which file, and each
 * file checks, when all its tests have run, that it did compare what is said of it (test/support/lockstep-record.ts). A new
 * command is entered there by hand, or by scripts/lockstep-compared.mjs.
 */
import test from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { families } from '../../src/commands/index.ts';
import { readCompared } from '../support/lockstep-record.ts';
import { hashExpiryCommands } from '../support/newer-commands.ts';

const sources = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'test');

/** What a lockstep test cannot compare, or only the errors of, and the test that has it instead. */
const elsewhere: { readonly [file: string]: readonly string[] } = {
  // Between servers.
  'interop/roles': ['replicaof', 'role'],
  'interop/full-sync': ['slaveof'],
  'interop/sync-log': ['psync'],
  'interop/robustness': ['sync'],
  'interop/shutdown': ['shutdown', 'replconf'],
  // Several replies to one command.
  'lockstep/pubsub': ['punsubscribe'],
  // Newer than redis-server 7.0: documented behaviour.
  'lockstep/hash-expiry': hashExpiryCommands,
  'lockstep/wait': ['waitaof'],
  'lockstep/client': ['client|no-touch', 'client|setinfo'],
  // Refused here, run there; and one that is newer.
  'lockstep/scripting': [
    'eval_ro',
    'evalsha_ro',
    'fcall_ro',
    'function|load',
    'function|help',
    'script|help',
    'cluster|myshardid',
  ],
  // Texts of our own.
  'lockstep/acl': ['acl|help'],
  'lockstep/config-command': ['config|help'],
  'lockstep/slowlog': ['slowlog|help', 'latency|help'],
};

const names: readonly string[] = families
  .flat()
  .flatMap((row) => [row, ...(row.subcommands ?? [])])
  .flatMap(({ name, handler }) => (handler === undefined ? [] : [name]));

test('every command is compared in a lockstep test, or has a test of another kind by name', () => {
  const known = new Set([...Object.values(readCompared()), ...Object.values(elsewhere)].flat());
  assert.deepEqual(
    names.filter((name) => !known.has(name)),
    [],
    'enter them into test/lockstep/compared.json, under the file whose tests compare them',
  );
});

test('the files that are to compare commands are there, and know no others', () => {
  const all = new Set(names);
  for (const [file, listed] of Object.entries(readCompared())) {
    assert.ok(existsSync(join(sources, 'lockstep', `${file}.test.ts`)), file);
    assert.deepEqual(
      listed.filter((name) => !all.has(name)),
      [],
      file,
    );
  }
  for (const [file, listed] of Object.entries(elsewhere)) {
    const text = readFileSync(join(sources, `${file}.test.ts`), 'utf8').toLowerCase();
    for (const name of listed) {
      assert.ok(all.has(name), name);
      const [container, sub] = name.split('|');
      // Commands stand in tests as the words of a call, or as a line of text.
      const named = sub === undefined ? `['"\`]${container}['" \\\\]` : `['"\`]${container}(', ['"]| )${sub}['" \\\\]`;
      assert.match(text, new RegExp(named), `${name} in ${file}`);
    }
  }
});
