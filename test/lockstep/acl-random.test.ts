/** Random rules: both servers take or refuse the same, and users made of them may do the same. Prints its seed on failure. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { lockstep, type Both } from '../support/lockstep.ts';
import type { RawClient } from '../support/raw-client.ts';

const RUNS = 150;

const key = fc.constantFrom('a', 'ab', 'b', 'c1', '[x]', '');
const pattern = fc.constantFrom('a*', '*', 'b', 'c?', '[a-b]', '\\[x]', '', 'a*b');
const command = fc.constantFrom(
  ...['get', 'set', 'del', 'mget', 'publish', 'psubscribe', 'config', 'config|get', 'config|set', 'select', 'nosuch'],
  ...['client', 'client|id', 'client|nosuch', 'multi', 'sort', 'Get', 'copy'],
);
const category = fc.constantFrom(
  ...[
    'all',
    'read',
    'write',
    'keyspace',
    'string',
    'pubsub',
    'admin',
    'dangerous',
    'fast',
    'slow',
    'connection',
    'none',
  ],
);
const rule = fc.oneof(
  fc.tuple(fc.constantFrom('+', '-'), command).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('+@', '-@'), category).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('~', '%R~', '%W~', '%RW~', '&'), pattern).map((parts) => parts.join('')),
  fc
    .tuple(fc.constantFrom('+select|', '+get|', '+config|'), fc.constantFrom('0', 'a', ''))
    .map((parts) => parts.join('')),
  fc.constantFrom('allkeys', 'resetkeys', 'allchannels', 'resetchannels', 'allcommands', 'nocommands', 'reset'),
  fc.constantFrom('on', 'off', 'nopass', 'resetpass', '>p', '<p', 'clearselectors', 'skip-sanitize-payload', 'what'),
);
const rules = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: rule },
    { weight: 1, arbitrary: fc.array(rule, { maxLength: 4 }).map((inner) => `(${inner.join(' ')})`) },
  ),
  { maxLength: 8 },
);
const attempt = fc.oneof(
  fc.tuple(fc.constantFrom('get', 'del', 'sort', 'type'), key),
  fc.tuple(fc.constantFrom('set', 'mget', 'copy', 'smove'), key, key),
  fc.tuple(fc.constantFrom('publish'), key, fc.constant('m')),
  fc.tuple(fc.constantFrom('psubscribe', 'subscribe', 'unsubscribe'), pattern),
  fc.tuple(fc.constant('select'), fc.constantFrom('0', '1')),
  fc.tuple(fc.constant('config'), fc.constantFrom('get', 'set'), fc.constant('hz'), fc.constant('10')),
  fc.constantFrom(['client', 'id'], ['multi'], ['auth', 'x'], ['config', 'resetstat'], ['client', 'list']),
);

/** GETUSER with the rules of commands made blank: each server words them in its own way. */
async function withoutCommands(client: RawClient): Promise<readonly string[]> {
  const reply = JSON.stringify(await client.ok('ACL', 'GETUSER', 'u'));
  return [reply.replaceAll(/"commands","[^"]*"/g, '"commands",""')];
}

async function sameUser(both: Both, attempts: readonly (readonly string[])[]): Promise<void> {
  const [ours, theirs] = await Promise.all([both.headwater, both.redis].map(withoutCommands));
  assert.deepEqual(ours, theirs);
  await both.pipeline(attempts.map((words) => ['ACL', 'DRYRUN', 'u', ...words]));
}

lockstep('random rules give the same rights', { timeoutMs: 300_000 }, async (both) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(rules, { minLength: 1, maxLength: 3 }),
      fc.array(attempt, { maxLength: 30, size: 'max' }),
      async (lists, tried) => {
        await both('ACL', 'DELUSER', 'u');
        await both('ACL', 'SETUSER', 'u');
        for (const list of lists) {
          await both('ACL', 'SETUSER', 'u', ...list);
          await sameUser(both, tried);
        }
        // What we show makes the same user again, here and there.
        const line = ((await both.headwater.ok('ACL', 'LIST')) as readonly string[]).find((one) =>
          one.startsWith('user u '),
        )!;
        await both('ACL', 'DELUSER', 'u');
        await both('ACL', 'SETUSER', 'u', ...line.split(' ').slice(2));
        await sameUser(both, tried);
      },
    ),
    { numRuns: RUNS },
  );
  await both('ACL', 'DELUSER', 'u');
});
