/** maxmemory, its policies, and what keys remember of their use. */
import assert from 'node:assert/strict';
import { lockstep } from '../support/lockstep.ts';
import type { Both } from '../support/lockstep.ts';
import type { RawClient } from '../support/raw-client.ts';

const policies = [
  'volatile-lru',
  'allkeys-lru',
  'volatile-lfu',
  'allkeys-lfu',
  'volatile-random',
  'allkeys-random',
  'volatile-ttl',
  'noeviction',
];

const countEachUse = [
  'maxmemory',
  '1gb',
  'maxmemory-policy',
  'allkeys-lfu',
  'lfu-log-factor',
  '0',
  'lfu-decay-time',
  '0',
];

async function dump(client: RawClient, key: string): Promise<Buffer> {
  const reply = await client.call('DUMP', key);
  return reply.subarray(reply.indexOf('\r\n') + 2, -2);
}

/** Runs with these directives and puts the defaults back. */
async function configured(both: Both, directives: readonly string[], body: () => Promise<void>): Promise<void> {
  await both('CONFIG', 'SET', ...directives);
  try {
    await body();
  } finally {
    for (const client of [both.redis, both.headwater]) {
      await client.ok('CONFIG', 'SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction', 'maxmemory-samples', '5');
      await client.ok('CONFIG', 'SET', 'lfu-log-factor', '10', 'lfu-decay-time', '1', 'lazyfree-lazy-eviction', 'no');
    }
  }
}

lockstep('the directives of eviction take the same values', async (both) => {
  await configured(both, ['maxmemory-samples', '7'], async () => {
    for (const policy of policies) {
      await both('CONFIG', 'SET', 'maxmemory-policy', policy);
      await both('CONFIG', 'GET', 'maxmemory-policy');
    }
    for (const name of [
      'maxmemory',
      'maxmemory-samples',
      'maxmemory-eviction-tenacity',
      'lfu-log-factor',
      'lfu-decay-time',
    ])
      await both('CONFIG', 'GET', name);
    await both.error('CONFIG', 'SET', 'maxmemory-policy', 'lru');
    await both.error('CONFIG', 'SET', 'maxmemory-samples', '0');
    await both.error('CONFIG', 'SET', 'maxmemory-eviction-tenacity', '101');
    await both.error('CONFIG', 'SET', 'lfu-log-factor', '-1');
  });
});

lockstep('OBJECT FREQ and IDLETIME depend on the policy', async (both) => {
  await both('SET', 'k', 'v');
  await both.error('OBJECT', 'FREQ', 'k');
  await both('OBJECT', 'FREQ', 'missing');
  await both('OBJECT', 'IDLETIME', 'missing');
  for (const policy of policies)
    await configured(both, ['maxmemory-policy', policy], async () => {
      await both('SET', 'n', 'v');
      if (policy.endsWith('lfu')) {
        await both.error('OBJECT', 'IDLETIME', 'n');
        await both('OBJECT', 'FREQ', 'n');
      } else {
        await both('OBJECT', 'IDLETIME', 'n');
        await both.error('OBJECT', 'FREQ', 'n');
      }
      await both('OBJECT', 'IDLETIME', 'missing');
      await both('OBJECT', 'FREQ', 'missing');
      await both('DEL', 'n');
    });
});

lockstep('with a log factor of 0 each use counts, whichever command it is', async (both) => {
  await configured(both, countEachUse, async () => {
    const counted = async (...command: readonly string[]): Promise<void> => {
      await both(...command);
      for (const key of ['s', 'n', 'l', 'h', 'z', 'e', 'm', 'new']) await both('OBJECT', 'FREQ', key);
    };
    await counted('SET', 's', 'v');
    await counted('GET', 's');
    await counted('SET', 's', 'w');
    await counted('SET', 's', 'a value that needs a larger block than the one before had, by a good deal');
    await counted('SET', 's', 'x', 'KEEPTTL');
    await counted('APPEND', 's', 'yz');
    await counted('APPEND', 's', 'y'.repeat(200));
    await counted('SETRANGE', 's', '1', 'abc');
    await counted('STRLEN', 's');
    await counted('MGET', 's', 's', 'missing');
    await counted('EXISTS', 's');
    await counted('TYPE', 's');
    await counted('TTL', 's');
    await counted('TOUCH', 's');
    await counted('EXPIRE', 's', '1000');
    await counted('PERSIST', 's');
    await counted('SET', 'n', '1');
    await counted('OBJECT', 'REFCOUNT', 'n');
    await counted('INCR', 'n');
    await counted('INCRBY', 'n', '123456789012345');
    await counted('RPUSH', 'l', 'a', 'b');
    await counted('RPUSH', 'l', 'c');
    await counted('LRANGE', 'l', '0', '-1');
    await counted('LPOP', 'l');
    await counted('HSET', 'h', 'f', 'v');
    await counted('HGETALL', 'h');
    await counted('HSET', 'h', 'g', 'w');
    await counted('ZADD', 'z', '1', 'a');
    await counted('ZRANGE', 'z', '0', '-1');
    await counted('SADD', 'e', 'a');
    await counted('SMEMBERS', 'e');
    await counted('GETSET', 'm', 'v');
    await counted('GETSET', 'm', 'w');
    await counted('RENAME', 's', 'new');
    await counted('OBJECT', 'ENCODING', 'new');
    await counted('MEMORY', 'USAGE', 'missing');
    await counted('DUMP', 'missing');
    await counted('COPY', 'new', 's');
    await both('CLIENT', 'NO-EVICT', 'on');
    await counted('GET', 's');
    for (let i = 0; i < 300; i++) await both('GET', 'n');
    await both('OBJECT', 'FREQ', 'n');
  });
});

lockstep('RESTORE takes FREQ and IDLETIME as far as the policy keeps them', async (both) => {
  await both('SET', 'k', 'v');
  const bytes = await dump(both.redis, 'k');
  await both.redis.ok('DEL', 'k');
  await both.headwater.ok('DEL', 'k');
  await configured(both, ['maxmemory-policy', 'allkeys-lfu', 'lfu-decay-time', '0'], async () => {
    for (const freq of ['0', '1', '100', '255']) {
      await both('RESTORE', 'k', '0', bytes, 'REPLACE', 'FREQ', freq);
      await both('OBJECT', 'FREQ', 'k');
    }
    await both('RESTORE', 'k', '0', bytes, 'REPLACE', 'IDLETIME', '100');
    await both('OBJECT', 'FREQ', 'k');
    await both.error('RESTORE', 'k', '0', bytes, 'REPLACE', 'FREQ', '256');
  });
  await configured(both, ['maxmemory-policy', 'allkeys-lru'], async () => {
    for (const idle of ['0', '10', '100000']) {
      await both('RESTORE', 'k', '0', bytes, 'REPLACE', 'IDLETIME', idle);
      await both.close(2, 'OBJECT', 'IDLETIME', 'k');
    }
    await both('RESTORE', 'k', '0', bytes, 'REPLACE', 'FREQ', '7');
    await both.close(2, 'OBJECT', 'IDLETIME', 'k');
  });
});

lockstep('DEBUG RELOAD keeps idle times and frequencies', async (both) => {
  await configured(
    both,
    ['maxmemory-policy', 'allkeys-lfu', 'lfu-log-factor', '0', 'lfu-decay-time', '0'],
    async () => {
      await both('SET', 'k', 'v', 'EX', '1000');
      await both('RPUSH', 'l', 'a');
      for (let i = 0; i < 20; i++) await both('GET', 'k');
      await both('LLEN', 'l');
      await both('DEBUG', 'RELOAD');
      await both('OBJECT', 'FREQ', 'k');
      await both('OBJECT', 'FREQ', 'l');
    },
  );
  await configured(both, ['maxmemory-policy', 'volatile-lru'], async () => {
    const payload = await dump(both.redis, 'l');
    for (const client of [both.redis, both.headwater])
      await client.ok('RESTORE', 'l', '0', payload, 'REPLACE', 'IDLETIME', '5000');
    await both('DEBUG', 'RELOAD');
    await both.close(2, 'OBJECT', 'IDLETIME', 'l');
  });
});

lockstep('at the limit, commands that need memory are refused if nothing may be evicted', async (both) => {
  await both('SET', 'k', 'v');
  await both('RPUSH', 'l', 'a');
  const outer = await both.open();
  for (const policy of ['noeviction', 'volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl'])
    await configured(both, ['maxmemory', '1', 'maxmemory-policy', policy], async () => {
      await both.error('SET', 'k', 'w');
      await both.error('APPEND', 'k', 'w');
      await both.error('LPUSH', 'l', 'w');
      await both.error('INCR', 'n');
      await both('GET', 'k');
      await both('LPOP', 'missing');
      await both('DEL', 'missing');
      await both('EXPIRE', 'missing', '10');
      await both('PUBLISH', 'c', 'm');
      await both.error('SADD', 'k');
      await outer('MULTI');
      await outer.error('GET', 'k');
      await outer.error('EXEC');
      await both('MULTI');
      await both('DISCARD');
    });
  await both('GET', 'k');
  // What was queued before the limit is refused with it, if it needs memory.
  await both('MULTI');
  await both('SET', 'k', 'w');
  await outer('CONFIG', 'SET', 'maxmemory', '1');
  try {
    await both('EXEC');
  } finally {
    await outer('CONFIG', 'SET', 'maxmemory', '0');
  }
});

lockstep('evicting the last keys lets commands fail only when nothing is left', async (both) => {
  await configured(both, ['maxmemory-policy', 'allkeys-lru'], async () => {
    for (let i = 0; i < 50; i++) await both('SET', `k${i}`, 'v');
    await both('CONFIG', 'SET', 'maxmemory', '1');
    await both.error('SET', 'new', 'v');
    await both('DBSIZE');
    await both('CONFIG', 'SET', 'maxmemory', '0');
    for (const client of [both.redis, both.headwater])
      assert.match(String(await client.value('INFO', 'stats')), /\r\nevicted_keys:50\r\n/);
    await both('CONFIG', 'RESETSTAT');
  });
});

lockstep('an evicted key is announced, and watchers hear of it', async (both) => {
  const listener = await both.open();
  const watcher = await both.open();
  await both('SET', 'k', 'v');
  await both('SELECT', '3');
  await both('SET', 'volatile', 'v', 'EX', '1000');
  await both('CONFIG', 'SET', 'notify-keyspace-events', 'KEe');
  await listener('SUBSCRIBE', '__keyevent@3__:evicted');
  await watcher('SELECT', '3');
  await watcher('WATCH', 'volatile');
  await watcher('MULTI');
  await watcher('PING');
  try {
    await configured(both, ['maxmemory-policy', 'volatile-ttl'], async () => {
      await both('CONFIG', 'SET', 'maxmemory', '1');
      await listener.reply();
      await both('DBSIZE');
    });
    await watcher('EXEC');
  } finally {
    await both('CONFIG', 'SET', 'notify-keyspace-events', '');
  }
});

lockstep('a client that waits for a stream hears at once that it is evicted', async (both) => {
  const waiting = await both.open();
  for (const directives of [
    ['maxmemory-policy', 'allkeys-random'],
    ['maxmemory-policy', 'noeviction'],
  ]) {
    await configured(both, directives, async () => {
      await both('XGROUP', 'CREATE', 'stream', 'group', '$', 'MKSTREAM');
      const replies = [waiting.redis, waiting.headwater].map((client) =>
        client.call('XREADGROUP', 'GROUP', 'group', 'me', 'BLOCK', '0', 'STREAMS', 'stream', '>'),
      );
      for (const client of [both.redis, both.headwater])
        while (!String(await client.value('INFO', 'clients')).includes('blocked_clients:1\r\n'));
      // In one batch with the last command, so that what follows happens in the background.
      if (directives[1] === 'noeviction') await both('PEXPIRE', 'stream', '10');
      else await both('CONFIG', 'SET', 'maxmemory', '1');
      const [redis, headwater] = (await Promise.all(replies)).map(String);
      assert.equal(headwater, redis);
    });
  }
});
