/**
 * Runs the compiled tests under build/test with Node's runner.
 *
 *   node scripts/test.mjs [filter ...] [--node-option ...]
 *
 * A filter keeps the test files whose path contains it; an argument that starts with `-` goes to node
 * (`--test-name-pattern=PSYNC`). Many tests compare with a real redis-server, so one has to be on PATH: without it
 * the Debian package is installed where that is possible, and the run fails otherwise. It never skips.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Test files at once. Each starts servers of its own; more than this and timing on two cores suffers. */
const concurrency = 2;

/** No single test may take longer: a hang becomes a failure with a name. */
const longestTestMs = 600_000;

function main() {
  const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'));
  const filters = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
  const missing = ensureRedisServer();
  if (missing !== undefined) return fail(missing);
  const files = testFiles(filters);
  if (files.length === 0) return fail(`no test file matches: ${filters.join(' ') || 'test/**/*.test.ts'}`);
  const absent = files.filter((file) => !existsSync(join(root, file)));
  if (absent.length > 0) return fail(`not compiled yet: ${absent.join(', ')}\nRun: npm run build:all`);
  const runner = spawn(
    process.execPath,
    [
      '--enable-source-maps',
      '--test',
      `--test-concurrency=${concurrency}`,
      `--test-timeout=${longestTestMs}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      ...options,
      ...files,
    ],
    { cwd: root, stdio: 'inherit' },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => runner.kill(signal));
  runner.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

/** The compiled files of the test sources that exist now: a stale build of a deleted test does not run. */
function testFiles(filters) {
  return readdirSync(join(root, 'test'), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('build', 'test', name.replace(/\.ts$/, '.js')))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter.replace(/\.ts$/, ''))))
    .toSorted();
}

/** Returns what is wrong, or undefined when a redis-server is there. */
function ensureRedisServer() {
  // openssl makes the certificates of the TLS tests.
  if (runs('redis-server', ['--version']) && runs('openssl', ['version'])) return undefined;
  const advice =
    'The tests need a real redis-server (7.0 or newer) to compare with, and openssl; one is not on PATH.\n';
  const install = 'Install it, for example: apt-get install redis-server';
  if (process.getuid?.() !== 0 || !runs('apt-get', ['--version'])) return advice + install;
  console.log(`${advice}Installing Debian's package.`);
  if (!installWithoutService()) return `apt-get could not install it. ${install}`;
  return runs('redis-server', ['--version']) ? undefined : `It is still not on PATH. ${install}`;
}

/** Debian's way to say that an installed package must not start its service; a policy that exists is kept. */
const servicePolicy = '/usr/sbin/policy-rc.d';

function installWithoutService() {
  const ours = !existsSync(servicePolicy);
  if (ours) writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return (
      apt(['update']) && apt(['install', '-y', '--no-install-recommends', 'redis-server', 'redis-tools', 'openssl'])
    );
  } finally {
    if (ours) rmSync(servicePolicy);
  }
}

function apt(args) {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', args, { stdio: 'inherit', env: environment }).status === 0;
}

function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

main();
