/** The rows of CONFIG; what the directives are and do is in config*.test.ts. */
import assert from 'node:assert/strict';
import { lockstep } from '../support/lockstep.ts';

lockstep('CONFIG GET gives pairs, exact or by pattern', { resp: 'both' }, async (both) => {
  await both('CONFIG', 'GET', 'maxmemory');
  await both('CONFIG', 'GET', 'MAXMEMORY');
  await both('CONFIG', 'GET', 'nosuch');
  await both.pairs('CONFIG', 'GET', 'maxmemory*', 'hash-*');
  await both.pairs('CONFIG', 'GET', 'maxclients', 'maxclients');
  await both.pairs('CONFIG', 'GET', '[');
  await both.error('CONFIG', 'GET');
  await both.error('CONFIG');
  await both.error('CONFIG', 'FOO');
});

lockstep('CONFIG SET takes several directives, all or none', { resp: 'both' }, async (both) => {
  await both('CONFIG', 'SET', 'hash-max-listpack-entries', '77', 'set-max-intset-entries', '99');
  await both.pairs('CONFIG', 'GET', 'hash-max-listpack-entries', 'set-max-intset-entries');
  await both.error('CONFIG', 'SET', 'hash-max-listpack-entries', '78', 'set-max-intset-entries', 'x');
  await both.error('CONFIG', 'SET', 'hash-max-listpack-entries', '78', 'nosuch', 'x');
  await both.error('CONFIG', 'SET', 'maxmemory', '1', 'maxmemory', '2');
  await both.error('CONFIG', 'SET', 'maxmemory');
  await both.error('CONFIG', 'SET', 'maxmemory', '1', 'x');
  await both.error('CONFIG', 'SET', 'databases', '3');
  await both.pairs('CONFIG', 'GET', 'hash-max-listpack-entries', 'set-max-intset-entries', 'maxmemory');
  await both('CONFIG', 'SET', 'hash-max-listpack-entries', '128', 'set-max-intset-entries', '512');
});

lockstep('CONFIG SET maxmemory refuses writes that need memory', async (both) => {
  await both('SET', 'k', 'x'.repeat(100));
  await both('CONFIG', 'SET', 'maxmemory', '1');
  await both.error('SET', 'k2', 'v');
  await both('GET', 'k');
  await both('DEL', 'k');
  await both('CONFIG', 'SET', 'maxmemory', '0');
  await both('SET', 'k2', 'v');
});

lockstep('CONFIG SET changes encodings of what is written from then on', async (both) => {
  await both('CONFIG', 'SET', 'hash-max-listpack-entries', '1');
  await both('HSET', 'h', 'a', '1', 'b', '2');
  await both('OBJECT', 'ENCODING', 'h');
  await both('CONFIG', 'SET', 'hash-max-listpack-entries', '128');
  await both('HSET', 'i', 'a', '1', 'b', '2');
  await both('OBJECT', 'ENCODING', 'i');
});

lockstep('CONFIG SET requirepass asks new clients for it', async (both) => {
  await both('CONFIG', 'SET', 'requirepass', 'secret');
  await both('PING');
  const other = await both.open();
  await other.error('GET', 'k');
  await other.error('AUTH', 'wrong');
  await other('AUTH', 'secret');
  await other('GET', 'k');
  await both('CONFIG', 'SET', 'requirepass', '');
});

lockstep('CONFIG SET works inside MULTI', async (both) => {
  await both('MULTI');
  await both('CONFIG', 'SET', 'maxclients', '5000');
  await both('CONFIG', 'GET', 'maxclients');
  await both('EXEC');
  await both('CONFIG', 'SET', 'maxclients', '10000');
});

lockstep('CONFIG REWRITE needs a file', async (both) => {
  await both.error('CONFIG', 'REWRITE');
  await both.error('CONFIG', 'REWRITE', 'x');
});

lockstep('CONFIG RESETSTAT clears counters', async (both) => {
  await both('GET', 'missing');
  await both('SET', 'k', 'v');
  await both('GET', 'k');
  await both.error('INCR', 'k');
  await both('CONFIG', 'RESETSTAT');
  await both.error('CONFIG', 'RESETSTAT', 'x');
  for (const client of [both.redis, both.headwater]) {
    const text = String(await client.value('INFO', 'stats', 'commandstats', 'errorstats'));
    assert.match(text, /keyspace_hits:0\r\nkeyspace_misses:0\r\n/);
    assert.doesNotMatch(text, /cmdstat_incr/);
    // The refused RESETSTAT came after the one that cleared.
    assert.match(text, /errorstat_ERR:count=1\r\n/);
    assert.match(text, /total_error_replies:1\r\n/);
  }
});

lockstep('CONFIG HELP lists every subcommand', async (both) => {
  const lines = (await both.headwater.value('CONFIG', 'HELP')) as string[];
  for (const name of ['GET', 'SET', 'REWRITE', 'RESETSTAT', 'HELP']) assert.ok(lines.includes(name), name);
});
