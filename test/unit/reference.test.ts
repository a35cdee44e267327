import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { dirname, join } from 'node:path';

/** The repository: this file runs from <repository>/<build>/test/unit/. */
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const buildDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

test('the reference pages are what the tables say', async () => {
  const script = (await import(pathToFileURL(join(root, 'scripts/reference.mjs')).href)) as {
    referencePages(buildDir: string): Promise<Map<string, string>>;
  };
  const pages = await script.referencePages(buildDir);
  assert.ok(pages.size >= 2);
  for (const [path, text] of pages)
    assert.equal(
      readFileSync(join(root, path), 'utf8'),
      text,
      `${path} is out of date: run node scripts/reference.mjs`,
    );
});
