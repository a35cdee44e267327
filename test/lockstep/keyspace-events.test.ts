/**
 * Keyspace notifications: somebody listens to everything, and every command must cause the same messages in the same order on
 * both servers. `events` names every command that writes; the last test sees to that.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { block, send } from '../support/blocked.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { lockstep } from '../support/lockstep.ts';
import type { Both, Command } from '../support/lockstep.ts';
import { connectRaw } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { decode, encodeCommand, type Reply } from '../support/resp.ts';
import { waitFor } from '../support/wait.ts';

/** All classes, those that A leaves out included. */
const EVERYTHING = 'AKEmn';
const END = 'end of the messages';

/** Commands by what they are about, each run in the keyspace that the ones before it left. 'passes 5': ms go by. */
const events: { readonly [about: string]: readonly string[] } = {
  'strings set whole': [
    'SET k v',
    'SET k w',
    'SET k v EX 100',
    'SET k v PXAT 99999999999990 GET',
    'SET k v KEEPTTL',
    'SET k v NX',
    'SET none v XX',
    'SET none2 v GET',
    'SET gone v PXAT 1',
    'GET gone',
    'SETNX k v',
    'SETNX k2 v',
    'SETEX k3 100 v',
    'PSETEX k3 100000 v',
    'GETSET k3 v',
    'GETSET k4 v',
    'GETDEL k4',
    'GETDEL k4',
    'GETEX k',
    'GETEX k EX 100',
    'GETEX k PERSIST',
    'GETEX k PERSIST',
    'GETEX k PXAT 1',
    'GETEX k EX 10',
    'MSET a 1 b 2 a 3',
    'MSETNX a 1 c 2',
    'MSETNX d 1 c 2',
    'MGET a none b',
    'RPUSH l x',
    'SET l string',
    'GET l',
    'SET e v PX 1',
    'passes 5',
    'SET e w',
  ],
  'parts of strings and numbers': [
    'APPEND s abc',
    'APPEND s def',
    'SETRANGE s 2 xx',
    'SETRANGE none 0 ""',
    'SETRANGE fresh 3 x',
    'GETRANGE none 0 -1',
    'SUBSTR s 0 1',
    'STRLEN none',
    'LCS s none',
    'INCR n',
    'INCR n',
    'DECR n',
    'INCRBY n 10',
    'DECRBY n 3',
    'DECRBY m 3',
    'INCRBYFLOAT n 0.5',
    'INCRBYFLOAT f 3',
    'INCR s',
  ],
  bits: [
    'SETBIT b 7 1',
    'SETBIT b 7 1',
    'SETBIT b 100 0',
    'GETBIT none 1',
    'BITCOUNT none',
    'BITPOS none 1',
    'BITOP OR d b b',
    'BITOP NOT d b',
    'BITOP AND d none none2',
    'BITOP AND d none none2',
    'BITFIELD b SET u8 0 5 GET u8 0',
    'BITFIELD b SET u8 0 5',
    'BITFIELD c INCRBY u8 0 1',
    'BITFIELD none GET u8 0',
    'BITFIELD_RO none GET u8 0',
  ],
  hyperloglogs: [
    'PFADD h a b c',
    'PFADD h a b c',
    'PFADD empty',
    'PFCOUNT h',
    'PFCOUNT h none',
    'PFCOUNT none',
    'PFMERGE h2 h',
    'PFMERGE h2 h empty',
    'PFDEBUG TODENSE h',
  ],
  keys: [
    'MSET a 1 b 2 c 3',
    'DEL a none b',
    'UNLINK c none',
    'EXISTS none none',
    'TYPE none',
    'TOUCH none',
    'TTL none',
    'PTTL none',
    'EXPIRETIME none',
    'OBJECT ENCODING none',
    'OBJECT REFCOUNT none',
    'DUMP none',
    'KEYS none',
    'SCAN 0',
    'RANDOMKEY',
    'SET a 1',
    'RENAME a b',
    'RENAME b b',
    'SET a 1',
    'RENAME a b',
    'RENAME none x',
    'SET a 1',
    'RENAMENX a b',
    'RENAMENX a c',
    'MOVE c 1',
    'MOVE none 1',
    'COPY b d',
    'COPY b d',
    'COPY b d REPLACE',
    'COPY b e DB 2',
    'COPY none e',
    'SET x 1 PX 1',
    'passes 5',
    'RENAME b x',
    'SET y 1 PX 1',
    'passes 5',
    'COPY x y',
    'SELECT 1',
    'EXISTS c',
    'SELECT 0',
    'SWAPDB 0 1',
    'DEL c',
    'FLUSHDB',
    'FLUSHALL',
  ],
  expiry: [
    'SET k v',
    'EXPIRE k 100',
    'EXPIRE k 100 NX',
    'EXPIRE none 100',
    'PEXPIRE k 100000',
    'EXPIREAT k 99999999999',
    'PEXPIREAT k 99999999999000',
    'PERSIST k',
    'PERSIST k',
    'EXPIRE k -1',
    'SET k v',
    'PEXPIREAT k 1',
    'SET k v',
    'PEXPIRE k 1',
    'passes 5',
    'GET k',
    'SET k v PX 1',
    'passes 5',
    'DEL k',
    'SET k v PX 1',
    'passes 5',
    'INCR k',
    'SADD s v',
    'PEXPIRE s 1',
    'passes 5',
    'SADD s w',
    'MSET a 1 b 2',
    'PEXPIRE a 1',
    'passes 5',
    'MGET a b a',
  ],
  lists: [
    'LPUSH l a b',
    'RPUSH l c',
    'LPUSHX none x',
    'LPUSHX l x',
    'RPUSHX l y',
    'LINSERT l BEFORE a z',
    'LINSERT l BEFORE none z',
    'LSET l 0 w',
    'LREM l 0 z',
    'LREM l 0 none',
    'LTRIM l 0 -1',
    'LTRIM l 1 -1',
    'LTRIM none 1 -1',
    'LPOP l',
    'RPOP l',
    'LPOP l 0',
    'LPOP l 1',
    'RPOP l 10',
    'LPOP l',
    'RPOP l 2',
    'RPUSH l 1 2 3 4 5 6 7 8 9',
    'LMOVE l m LEFT RIGHT',
    'LMOVE l l LEFT RIGHT',
    'LMOVE l l LEFT LEFT',
    'RPOPLPUSH l m',
    'RPOPLPUSH none m',
    'RPUSH one 1',
    'LMOVE one m RIGHT LEFT',
    'RPUSH one 1',
    'RPOPLPUSH one one',
    'LMPOP 2 none l LEFT COUNT 2',
    'LMPOP 1 l RIGHT COUNT 20',
    'LMPOP 1 none LEFT',
    'BLPOP m 0',
    'BRPOP m 0',
    'BLMOVE m l LEFT RIGHT 0',
    'BRPOPLPUSH l m 0',
    'BLMPOP 0 1 m LEFT',
    'BLPOP none 0.01',
    'LRANGE none 0 -1',
    'LLEN none',
    'LINDEX none 0',
    'LPOS none x',
    'RPUSH l 1',
    'LREM l 1 1',
    'RPUSH l 1',
    'LTRIM l 5 6',
  ],
  sets: [
    'SADD s a b c d e',
    'SADD s a',
    'SREM s a none',
    'SREM s none',
    'SREM none a',
    'SMOVE s t b',
    'SMOVE s t none',
    'SMOVE t t b',
    'SADD t c',
    'SMOVE s t c',
    'SADD one x',
    'SMOVE one two x',
    'SPOP two',
    'SPOP two',
    'SADD two 1 2 3',
    'SPOP two 0',
    'SPOP two 9',
    'SINTERSTORE i s t',
    'SINTERSTORE i s none',
    'SUNIONSTORE u s t',
    'SUNIONSTORE u s t',
    'SUNIONSTORE u none',
    'SUNIONSTORE u none',
    'SDIFFSTORE i t s',
    'SDIFFSTORE i t t',
    'SET i string',
    'SDIFFSTORE i t s',
    'SREM s d e',
    'SMEMBERS none',
    'SINTER t none',
    'SRANDMEMBER none',
    'SISMEMBER none x',
    'SCARD none',
  ],
  hashes: [
    'HSET h a 1 b 2',
    'HSET h a 1',
    'HMSET h c 3',
    'HSETNX h a 2',
    'HSETNX h d 2',
    'HSETNX new d 2',
    'HINCRBY h a 1',
    'HINCRBY new2 a 1',
    'HINCRBYFLOAT h a 1.5',
    'HDEL h a none',
    'HDEL h none',
    'HDEL none a',
    'HDEL new d',
    'HDEL h b c d',
    'HGET none a',
    'HMGET none a',
    'HGETALL none',
    'HLEN none',
    'HRANDFIELD none',
  ],
  'sorted sets': [
    'ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h',
    'ZADD z 1 a',
    'ZADD z 2 a',
    'ZADD z XX 2 none',
    'ZADD none XX 2 none',
    'ZADD z INCR 1 a',
    'ZADD z NX INCR 1 a',
    'ZINCRBY z 1 a',
    'ZINCRBY y 1 a',
    'ZINCRBY y 0 a',
    'ZREM z a none',
    'ZREM z none',
    'ZREM y a',
    'ZREMRANGEBYRANK z 0 0',
    'ZREMRANGEBYRANK z 100 200',
    'ZREMRANGEBYSCORE z 3 3',
    'ZREMRANGEBYSCORE none 3 3',
    'ZADD l 0 a 0 b',
    'ZREMRANGEBYLEX l [a [a',
    'ZREMRANGEBYLEX l - +',
    'ZPOPMIN z',
    'ZPOPMAX z',
    'ZPOPMIN z 0',
    'ZPOPMIN none',
    'ZPOPMAX z 2',
    'ZADD y 1 a',
    'ZPOPMIN y 5',
    'ZADD y 1 a 2 b 3 c',
    'ZMPOP 1 y MIN',
    'ZMPOP 2 none y MAX COUNT 10',
    'ZMPOP 1 none MAX',
    'ZADD y 1 a 2 b 3 c 4 d',
    'BZPOPMIN y 0',
    'BZPOPMAX y 0',
    'BZMPOP 0 1 y MIN COUNT 9',
    'ZADD y 1 a 2 b 3 c',
    'ZADD z 1 a 2 b',
    'ZUNIONSTORE u 2 y z',
    'ZUNIONSTORE u 2 y z',
    'ZINTERSTORE i 2 y z',
    'ZINTERSTORE i 2 y none',
    'ZDIFFSTORE d 2 y z',
    'ZDIFFSTORE d 2 y y',
    'ZDIFFSTORE d 2 y y',
    'ZRANGESTORE r y 0 -1',
    'ZRANGESTORE r y 5 9',
    'ZRANGESTORE r none 5 9',
    'ZRANGE none 0 -1',
    'ZSCORE none a',
    'ZCARD none',
    'ZUNION 2 none y',
  ],
  geo: [
    'GEOADD g 13.361389 38.115556 a 15.087269 37.502669 b',
    'GEOADD g 13.361389 38.115556 a',
    'GEOADD g XX CH 13.4 38.1 a',
    'GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 500 km',
    'GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 500 km',
    'GEOSEARCHSTORE d g FROMLONLAT 0 0 BYRADIUS 1 km',
    'GEOSEARCHSTORE d g FROMLONLAT 0 0 BYRADIUS 1 km',
    'GEORADIUS g 15 37 500 km STORE d',
    'GEORADIUS none 15 37 500 km STORE d',
    'GEORADIUSBYMEMBER g a 500 km STOREDIST d',
    'GEOPOS none a',
    'GEOSEARCH none FROMLONLAT 15 37 BYRADIUS 500 km',
  ],
  'SORT and RESTORE': [
    'RPUSH l 3 1 2',
    'SORT l STORE d',
    'SORT l STORE d',
    'SORT none STORE d',
    'SORT none STORE d',
    'SORT none',
    'SORT_RO none',
    'SORT l BY w_* GET v_*',
    'SET s v',
    'SORT l STORE s',
    // <v>: the string "v" as redis-server dumps it.
    'RESTORE r 0 <v>',
    'RESTORE r 0 <v> REPLACE',
    'RESTORE r 0 <v>',
    'RESTORE r 100000 <v> REPLACE',
    'RESTORE r 1 <v> REPLACE ABSTTL',
    'RESTORE r2 1 <v> ABSTTL',
    'RESTORE-ASKING r3 0 <v>',
  ],
  streams: [
    'XADD s 1-1 a 1',
    'XADD s 2-1 a 1',
    'XADD s MAXLEN 1 3-1 a 1',
    'XADD s MAXLEN 5 4-1 a 1',
    'XADD none NOMKSTREAM 1-1 a 1',
    'XDEL s 1-1',
    'XDEL s 3-1',
    'XTRIM s MAXLEN 1',
    'XTRIM s MAXLEN 0',
    'XSETID s 9-1',
    'XGROUP CREATE s g 0',
    'XGROUP CREATE t g 0 MKSTREAM',
    'XGROUP SETID s g 0',
    'XGROUP CREATECONSUMER s g c',
    'XGROUP CREATECONSUMER s g c',
    'XADD s 10-1 a 1',
    'XADD s 11-1 a 1',
    'XREADGROUP GROUP g other COUNT 1 STREAMS s >',
    'XREADGROUP GROUP g c COUNT 1 STREAMS s >',
    'XCLAIM s g third 0 10-1',
    'XCLAIM s g third 0 9-1',
    'XAUTOCLAIM s g fourth 0 0',
    'XACK s g 10-1',
    'XGROUP DELCONSUMER s g c',
    'XGROUP DELCONSUMER s g none',
    'XGROUP DESTROY s g',
    'XGROUP DESTROY s g',
    'XRANGE none - +',
    'XREAD STREAMS none 0',
    'XLEN none',
    'DEL s',
  ],
  'functions, which are no keys': ['FUNCTION LOAD x', 'FUNCTION DELETE none', 'FUNCTION RESTORE x', 'FUNCTION FLUSH'],
  transactions: [
    'MULTI',
    'SET k v',
    'GET none',
    'RPUSH l 1 2',
    'LPOP l 5',
    'DEL k',
    'EXEC',
    'MULTI',
    'SET k v',
    'DISCARD',
  ],
};

for (const [about, commands] of Object.entries(events))
  lockstep(`the events of ${about}`, { resp: 2, digests: false }, async (both) => {
    await both('SET', 'payload', 'v');
    const dumped = decodeBytes(await both.redis.call('DUMP', 'payload'));
    await both('DEL', 'payload');
    const listener = await listen(both);
    // The end of the messages is told by a client of its own: inside MULTI it would be queued.
    const other = await both.open();
    for (const line of commands) {
      const words = line.split(' ');
      if (words[0] === 'passes') {
        await new Promise((resolve) => setTimeout(resolve, Number(words[1])));
        continue;
      }
      const command: Command = words.map((word) => (word === '<v>' ? dumped : word === '""' ? '' : word));
      if (await isUnknown(both.headwater, command)) continue;
      await Promise.all([both.redis.call(...command), both.headwater.call(...command)]);
      await heard(other, listener, line);
    }
    await deafen(other);
  });

/** To a third server, at <port>. */
const migrations = [
  'MSET a 1 b 2 c 3',
  'RPUSH l x y',
  'MIGRATE 127.0.0.1 <port> none 0 5000',
  'MIGRATE 127.0.0.1 <port> a 0 5000 COPY',
  'MIGRATE 127.0.0.1 <port> a 0 5000',
  'MIGRATE 127.0.0.1 <port> a 0 5000 REPLACE',
  'MIGRATE 127.0.0.1 <port> "" 0 5000 REPLACE KEYS b none l c',
];

lockstep('the events of keys that migrate', { digests: false }, async (both) => {
  const target = await startRedis();
  try {
    const listener = await listen(both);
    const filler = await connectRaw(target.port);
    for (const line of migrations) {
      const command = line.split(' ').map((word) => word.replace('<port>', String(target.port)).replace('""', ''));
      for (const one of [both.redis, both.headwater]) {
        await filler.ok('FLUSHALL');
        await filler.ok('SET', 'a', 'in the way');
        await one.call(...command);
      }
      await heard(both, listener, line);
    }
    await filler.close();
    await deafen(both);
  } finally {
    await target.stop();
  }
});

lockstep('the events of clients that wait come when they are served', { digests: false }, async (both) => {
  const listener = await listen(both);
  for (const [waiting, ...fillers] of [
    ['BLPOP l 0', 'RPUSH l 1'],
    ['BRPOP l 0', 'RPUSH l 1 2', 'DEL l'],
    ['BLMOVE l m LEFT RIGHT 0', 'RPUSH l 1'],
    ['BRPOPLPUSH l m 0', 'RPUSH l 1 2', 'DEL l'],
    ['BLMOVE l wrong LEFT RIGHT 0', 'SET wrong x', 'RPUSH l 1', 'DEL l'],
    ['BLMPOP 0 1 l LEFT COUNT 3', 'RPUSH l 1 2'],
    ['BZPOPMIN z 0', 'ZADD z 1 a'],
    ['BZPOPMAX z 0', 'ZADD z 1 a 2 b', 'DEL z'],
    ['BZMPOP 0 1 z MIN COUNT 5', 'ZADD z 1 a 2 b'],
  ] as const) {
    const client = await both.open();
    await block(both, client, ...waiting!.split(' '));
    for (const filler of fillers) {
      await both(...filler.split(' '));
      await heard(both, listener, `${filler}, while ${waiting} waits`);
    }
    await client.reply();
  }
  await deafen(both);
});

/** A few events of each class. */
const mixture =
  'SET s v|RPUSH l 1|LPOP l|SADD t a|HSET h a 1|ZADD z 1 a|DEL s|EXPIRE h 100|GET none|SET e v PX 1|passes 5|GET e|RENAME z y';

for (const classes of 'KEA KA EA Kg Eg K$ El Ks Eh Kz Ex Ke Km En KEgm A $ AKEmn KEt KEd'.split(' '))
  lockstep(
    `with notify-keyspace-events ${classes} those are published, and no others`,
    { digests: false },
    async (both) => {
      const listener = await listen(both, classes);
      for (const line of mixture.split('|')) {
        const words = line.split(' ');
        if (words[0] === 'passes') await new Promise((resolve) => setTimeout(resolve, Number(words[1])));
        else await both(...words);
        await heard(both, listener, line);
      }
      await deafen(both);
    },
  );

lockstep('keys of other databases, of any bytes, and none', { digests: false }, async (both) => {
  const listener = await listen(both);
  await both('SELECT', '9');
  for (const key of ['', 'with space', Buffer.from([0, 255, 13, 10, 42]), 'x'.repeat(1000)]) {
    await both('SET', key, 'v');
    await heard(both, listener, 'SET');
  }
  await both('FLUSHALL');
  await heard(both, listener, 'FLUSHALL');
  await deafen(both);
});

lockstep('a key that nobody asks for expires with a message too', { digests: false }, async (both) => {
  const listener = await listen(both, 'Ex');
  await both('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
  await both('SET', 'k', 'v', 'PX', '1');
  await listener.reply();
  await deafen(both);
});

lockstep('a client that listens itself gets messages around its replies', { resp: 3, digests: false }, async (both) => {
  await both('CONFIG', 'SET', 'notify-keyspace-events', EVERYTHING);
  send(both, 'PSUBSCRIBE', '__keyevent*');
  await both.push();
  // In one write: what comes is compared byte by byte.
  const commands = ['SET k v', 'GET k', 'INCR n', 'DEL k n', 'RPUSH l 1', 'EXPIRE l 100', 'HSET h f v', 'PERSIST l'];
  for (const line of commands) send(both, ...line.split(' '));
  send(both, 'QUIT');
  const [theirs, ours] = await Promise.all([everything(both.redis), everything(both.headwater)]);
  assert.equal(ours, theirs);
  const other = await both.open();
  await deafen(other);
});

lockstep(
  'a client that waits and listens gets its reply, then the messages',
  { resp: 3, digests: false },
  async (both) => {
    const other = await both.open();
    await other('CONFIG', 'SET', 'notify-keyspace-events', EVERYTHING);
    send(both, 'PSUBSCRIBE', '__keyevent*');
    await both.push();
    await block(other, both, 'BLPOP', 'l', '0');
    await other('RPUSH', 'l', '1', '2');
    send(both, 'BLMOVE', 'l', 'm', 'LEFT', 'RIGHT', '0');
    send(both, 'QUIT');
    const [theirs, ours] = await Promise.all([everything(both.redis), everything(both.headwater)]);
    assert.equal(ours, theirs);
    await deafen(other);
  },
);

lockstep('messages to the client itself never stand inside of a reply', { resp: 3, digests: false }, async (both) => {
  // Only Headwater: redis-server 7.0 puts them there.
  const { headwater } = both;
  await both('CONFIG', 'SET', 'notify-keyspace-events', EVERYTHING);
  await both('ZADD', 'z', '1', 'a', '2', 'b');
  headwater.send(encodeCommand(['PSUBSCRIBE', '__keyevent*']));
  await headwater.push();
  assert.deepEqual(await headwater.value('MGET', 'none', 'none2'), [null, null]);
  assert.deepEqual(await headwater.value('ZPOPMIN', 'z', '2'), [
    ['a', 1],
    ['b', 2],
  ]);
  for (const command of ['MULTI', 'SET k v', 'GET none', 'DEL k']) await headwater.ok(...command.split(' '));
  assert.deepEqual(await headwater.value('EXEC'), ['OK', null, 1]);
  const heard = headwater.pushes.map((push) => String((decode(push) as Reply[])[2]).replace('__keyevent@0__:', ''));
  assert.deepEqual(heard, ['keymiss', 'keymiss', 'zpopmin', 'del', 'new', 'set', 'keymiss', 'del']);
  await deafen(both);
});

test('a replica publishes the events of what its master sends', async () => {
  const [master, replica] = await Promise.all([startHeadwater(), startHeadwater()]);
  try {
    const writer = await connectRaw(master.port);
    const listener = await connectRaw(replica.port);
    await listener.ok('REPLICAOF', '127.0.0.1', master.port);
    await waitFor(async () => String(await listener.ok('INFO', 'replication')).includes('master_link_status:up'), {
      what: 'the replica to follow',
    });
    await listener.ok('CONFIG', 'SET', 'notify-keyspace-events', 'En$lg');
    await listener.ok('PSUBSCRIBE', '__key*');
    await writer.ok('MULTI');
    for (const command of ['SET k v', 'RPUSH l 1', 'GETDEL k']) await writer.ok(...command.split(' '));
    await writer.ok('EXEC');
    const heard: string[] = [];
    for (let i = 0; i < 5; i++) {
      const [, , channel, payload] = decode(await listener.reply(), 'latin1') as string[];
      heard.push(`${channel} ${payload}`);
    }
    assert.deepEqual(heard, [
      '__keyevent@0__:new k',
      '__keyevent@0__:set k',
      '__keyevent@0__:new l',
      '__keyevent@0__:rpush l',
      '__keyevent@0__:del k',
    ]);
    await writer.close();
    await listener.close();
  } finally {
    await replica.stop();
    await master.stop();
  }
});

test('every command that writes is among those whose events are compared', async () => {
  const [redis, headwater] = await Promise.all([startRedis(), startHeadwater()]);
  try {
    const [theirs, ours] = await Promise.all([writers(redis.port), writers(headwater.port)]);
    const tried = [...Object.values(events), migrations].flatMap((lines) =>
      lines.map((line) => line.toLowerCase().split(' ')),
    );
    const missing = theirs.filter((name) => {
      const words = name.split('|');
      return ours.includes(name) && !tried.some((line) => words.every((word, i) => line[i] === word));
    });
    assert.deepEqual(missing, []);
  } finally {
    await redis.stop();
    await headwater.stop();
  }
});

/** Another client that listens to all keyspace events, which are of these classes. */
async function listen(both: Both, classes: string = EVERYTHING): Promise<Both> {
  await both('CONFIG', 'SET', 'notify-keyspace-events', classes);
  // Each server finds expired keys at its own pace; here only a command finds them.
  await both('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
  const listener = await both.open({ resp: 2 });
  await listener('PSUBSCRIBE', '__key*', 'mark');
  await listener.reply();
  return listener;
}

async function deafen(both: Both): Promise<void> {
  await both('CONFIG', 'SET', 'notify-keyspace-events', '');
  await both('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
}

/** Compares the messages that came since the last time. */
async function heard(both: Both, listener: Both, what: string): Promise<void> {
  await both('PUBLISH', 'mark', END);
  const [theirs, ours] = await Promise.all([untilEnd(listener.redis), untilEnd(listener.headwater)]);
  assert.deepEqual(ours, theirs, `the messages because of ${what}`);
}

async function untilEnd(client: RawClient): Promise<string[]> {
  const messages: string[] = [];
  for (;;) {
    const [, , channel, payload] = decode(await client.reply('a message'), 'latin1') as string[];
    if (payload === END) return messages;
    messages.push(`${channel} ${payload}`);
  }
}

async function everything(client: RawClient): Promise<string> {
  const rest = await client.untilClose();
  return Buffer.concat([...client.pushes, rest]).toString('latin1');
}

async function isUnknown(client: RawClient, command: Command): Promise<boolean> {
  const [info] = (await client.ok('COMMAND', 'INFO', command[0]!)) as Reply[];
  return info === null;
}

function decodeBytes(reply: Buffer): Buffer {
  return Buffer.from(reply.subarray(reply.indexOf('\n') + 1, -2));
}

async function writers(port: number): Promise<string[]> {
  const client = await connectRaw(port);
  const names: string[] = [];
  const visit = (rows: readonly Reply[]): void => {
    for (const row of rows as readonly (readonly Reply[])[]) {
      const flags = [...(row[2] as Iterable<string>)];
      if (flags.includes('write')) names.push(String(row[0]));
      if (row.length > 9) visit(row[9] as readonly Reply[]);
    }
  };
  visit((await client.ok('COMMAND')) as readonly Reply[]);
  await client.close();
  return names;
}
