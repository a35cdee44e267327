import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../support/temp-dir.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { checkLayers } = (await import(join(root, 'scripts/layers.mjs'))) as {
  checkLayers(rootDir: string): string[];
};

/** What the check says about a source tree of these files. */
function check(files: { readonly [path: string]: string }): string[] {
  const dir = tempDir();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir.path, 'src', path)), { recursive: true });
    writeFileSync(join(dir.path, 'src', path), text);
  }
  const problems = checkLayers(dir.path);
  dir.remove();
  return problems;
}

test('the sources keep the layers', () => {
  assert.deepEqual(checkLayers(root), []);
});

test('an import from a lower layer is refused, with file and line', () => {
  const problems = check({
    'resp/a.ts': "\nimport type { B } from '../store/b.ts';\n",
    'store/b.ts': "export * from '../resp/c.ts';\n",
    'resp/c.ts': '',
  });
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /^src\/resp\/a\.ts:2: resp\/ must not import from store\//);
});

test('an import cycle is refused, through re-exports and dynamic imports too', () => {
  const problems = check({
    'base/a.ts': "import { b } from './b.ts';\n",
    'base/b.ts': "export { c } from './c.ts';\n",
    'base/c.ts': "const a = await import('./a.ts');\n",
  });
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /cycle: src\/base\/a\.ts -> src\/base\/b\.ts -> src\/base\/c\.ts -> src\/base\/a\.ts/);
});

test('types may refer to each other: an import that vanishes closes no cycle', () => {
  const files = { 'base/b.ts': "import { a } from './a.ts';\n" };
  assert.deepEqual(check({ ...files, 'base/a.ts': "import type { B } from './b.ts';\n" }), []);
  assert.deepEqual(check({ ...files, 'base/a.ts': "export type {\n  B,\n} from './b.ts';\n" }), []);
  assert.equal(check({ ...files, 'base/a.ts': "import { type B } from './b.ts';\n" }).length, 1);
});

test('time, timers, sockets, files, randomness, process and console are refused outside io', () => {
  const bad = [
    'Date.now()',
    'new Date()',
    'Math.random()',
    'performance.now()',
    'setTimeout(f, 1)',
    'const later = setImmediate',
    'process.exit()',
    "process?.env['A']",
    'console.log(1)',
    'globalThis.x',
    'fetch(url)',
    "import { randomBytes } from 'node:crypto'",
    "import * as net from 'node:net'",
    "import { readFile } from 'node:fs/promises'",
    "import { hostname } from 'node:os'",
    'const text = `now ${Date.now()} is`',
  ];
  for (const line of bad) {
    const problems = check({ 'store/a.ts': `// first\n${line};\n` });
    assert.equal(problems.length, 1, `${line}: ${problems.join('; ')}`);
    assert.match(problems[0]!, /^src\/store\/a\.ts:2: .* only for io\//, line);
    assert.deepEqual(check({ 'io/a.ts': `${line};\n` }), [], line);
  }
});

test('what only looks ambient is allowed', () => {
  const good = [
    '// Date.now() in a comment, import x from "../cli/x.ts"',
    '/* process.exit() */',
    "const text = 'Date.now() and console.log';",
    'const template = `setTimeout(1) ${clock.now()} process.exit()`;',
    'const pattern = /[/\'"`] Date/g; const half = a / b; const other = c / d;',
    'world.process.pid; facts.Date; row.console.x;',
    'const row = { process: 1, Date: 2 };',
    "import { createHash } from 'node:crypto';",
  ];
  for (const line of good) assert.deepEqual(check({ 'store/a.ts': `${line}\n` }), [], line);
});

test('a program may use the process and the console, but neither sockets nor timers', () => {
  assert.deepEqual(check({ 'cli/a.ts': 'console.log(process.argv);\n' }), []);
  assert.equal(check({ 'cli/a.ts': "import 'node:net';\nsetTimeout(f);\n" }).length, 2);
});

test('a folder without a place in the order is refused', () => {
  assert.match(check({ 'utils/a.ts': '' })[0]!, /"utils" has no place/);
});
