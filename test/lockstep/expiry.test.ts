/** Expiry commands against redis-server. Times lie far ahead or in the past, so that the run's own duration does not show. */
import { lockstep } from '../support/lockstep.ts';
import type { Command } from '../support/lockstep.ts';
import { waitFor } from '../support/wait.ts';

const both2and3 = { resp: 'both' } as const;
const commands = (...lines: string[]): Command[] => lines.map((line) => line.split(' '));

lockstep('EXPIRE, PEXPIRE, TTL, PTTL', both2and3, async (both) => {
  await both.all(commands('TTL k', 'PTTL k', 'EXPIRE k 100', 'SET k v', 'TTL k', 'PTTL k', 'EXPIRE k 1000'));
  await both.close(2, 'TTL', 'k');
  await both.close(2000, 'PTTL', 'k');
  await both('PEXPIRE', 'k', 5_000_000);
  await both.close(2000, 'PTTL', 'k');
  await both.close(2, 'TTL', 'k');
  await both.close(2, 'EXPIRETIME', 'k');
  await both.close(2000, 'PEXPIRETIME', 'k');
  await both.all(commands('GET k', 'EXPIRE k 0', 'EXISTS k', 'SET k v', 'PEXPIRE k -1', 'EXISTS k'));
  await both.all(commands('SET k v', 'EXPIRE k -9223372036854775', 'EXISTS k', 'EXPIRE none -1'));
});

lockstep('EXPIREAT, PEXPIREAT, EXPIRETIME, PEXPIRETIME', both2and3, async (both) => {
  await both.all(
    commands(
      'EXPIRETIME k',
      'PEXPIRETIME k',
      'SET k v',
      'EXPIRETIME k',
      'PEXPIRETIME k',
      'EXPIREAT k 99999999999',
      'EXPIRETIME k',
      'PEXPIRETIME k',
      'PEXPIREAT k 99999999999999',
      'EXPIRETIME k',
      'PEXPIRETIME k',
      'PEXPIREAT k 99999999999499',
      'EXPIRETIME k',
      'EXPIREAT k 1',
      'EXISTS k',
      'SET k v',
      'PEXPIREAT k 0',
      'EXISTS k',
      'SET k v',
      'EXPIREAT k -5',
      'EXISTS k',
      'EXPIREAT none 1',
    ),
  );
});

lockstep('every type can expire', both2and3, async (both) => {
  await both.all(
    commands(
      'HSET h f v',
      'SADD s 1 2',
      'ZADD z 1 a',
      'RPUSH l a',
      'EXPIREAT h 99999999999',
      'EXPIREAT s 99999999998',
      'EXPIREAT z 99999999997',
      'EXPIREAT l 99999999996',
    ),
  );
  for (const key of ['h', 's', 'z', 'l']) await both.all(commands(`EXPIRETIME ${key}`, `TYPE ${key}`));
  await both.all(commands('HGETALL h', 'SMEMBERS s', 'ZRANGE z 0 -1', 'LRANGE l 0 -1', 'HSET h g w', 'EXPIRETIME h'));
  await both.digests();
  await both.all(
    commands('PERSIST h', 'TTL h', 'HGETALL h', 'EXPIRE s -1', 'EXISTS s', 'DEL z', 'RENAME l m', 'EXPIRETIME m'),
  );
});

lockstep('NX, XX, GT, LT', both2and3, async (both) => {
  const steps = ['NX', 'XX', 'GT', 'LT', 'XX GT', 'XX LT', 'xx xx', 'GT GT', 'NX NX'];
  for (const options of steps) {
    for (const before of ['PERSIST k', 'PEXPIREAT k 99999999999999']) {
      for (const at of ['99999999999998', '99999999999999', '100000000000000'])
        await both.all(commands('SET k v', before, `PEXPIREAT k ${at} ${options}`, 'PEXPIRETIME k'));
      await both.all(commands('SET k v', before, `PEXPIREAT k 1 ${options}`, 'EXISTS k', 'DEL k'));
    }
    await both(...`EXPIRE none 100 ${options}`.split(' '));
  }
  await both('SET', 'k', 'v');
  for (const options of [
    'NX XX',
    'NX GT',
    'NX LT',
    'XX NX',
    'GT LT',
    'LT GT',
    'GT LT NX',
    'BAD',
    'NX BAD',
    'KEEPTTL',
    'PERSIST',
  ])
    await both.error(...`EXPIRE k 100 ${options}`.split(' '));
});

lockstep('PERSIST', both2and3, async (both) => {
  await both.all(
    commands('PERSIST none', 'SET k v', 'PERSIST k', 'EXPIRE k 100', 'PERSIST k', 'TTL k', 'GET k', 'PERSIST'),
  );
});

lockstep('errors of the EXPIRE family', both2and3, async (both) => {
  await both('SET', 'k', 'v');
  const values = [
    'abc',
    '1.5',
    '9223372036854775807',
    '9223372036854775808',
    '-9223372036854775808',
    '9223372036854775',
    '9223372036854776',
  ];
  for (const command of ['EXPIRE', 'PEXPIRE', 'EXPIREAT', 'PEXPIREAT']) {
    for (const value of values) {
      // The largest int64 in ms is the one time that is kept rounded here.
      if (command === 'PEXPIREAT' && value === '9223372036854775807') continue;
      await both(command, 'k', value);
      await both(command, 'none', value);
      await both('SET', 'k', 'v');
    }
    await both.all(commands(command, `${command} k`, `${command} k abc NX XX`, `${command} k abc BAD`));
  }
  for (const command of ['TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME'])
    await both.all(commands(command, `${command} a b`));
});

lockstep('expired keys are gone for every command', both2and3, async (both) => {
  for (const command of [
    'GET k',
    'EXISTS k',
    'TYPE k',
    'TTL k',
    'STRLEN k',
    'INCR k',
    'APPEND k x',
    'SETNX k x',
    'SET k x XX',
    'SET k x NX',
    'GETSET k x',
    'RENAME k x',
    'COPY k x',
    'DEL k',
    'TOUCH k',
    'OBJECT ENCODING k',
    'EXPIRE k 10',
    'PERSIST k',
    'GETEX k PERSIST',
    'MOVE k 1',
    'KEYS k',
    'RANDOMKEY',
    'SCAN 0',
  ])
    await both.all(commands('SET k v PXAT 1', command, 'EXISTS k', 'DEL k x'));
});

lockstep('short lives end', async (both) => {
  const client = await both.open();
  await both.all(commands('SET a v PX 20', 'SET b v', 'PEXPIRE b 20', 'RPUSH l x', 'PEXPIRE l 20', 'SET stays v'));
  const gone = async (): Promise<boolean> => {
    const sizes = await Promise.all([client.redis.ok('DBSIZE'), client.headwater.ok('DBSIZE')]);
    return sizes.every((size) => size === 1);
  };
  await waitFor(gone, { what: 'one key to be left' });
  await both.all(commands('DBSIZE', 'KEYS *', 'EXISTS a b l stays'));
});

lockstep('an expiry survives what keeps it, and goes with what replaces it', both2and3, async (both) => {
  const set: Command = ['SET', 'k', '10', 'PXAT', '99999999999999'];
  for (const keeps of [
    'APPEND k 5',
    'INCR k',
    'INCRBY k 1234567890123',
    'INCRBYFLOAT k 1.5',
    'SETRANGE k 30 x',
    'SET k w KEEPTTL',
    'GETEX k',
    'GETRANGE k 0 1',
  ])
    await both.all([set, ...commands(keeps, 'PEXPIRETIME k', 'GET k')]);
  for (const drops of ['SET k w', 'GETSET k w', 'MSET k w', 'GETEX k PERSIST', 'PERSIST k', 'SETEX k 100 v'])
    await both.all([set, ...commands(drops, 'GET k', 'PERSIST k')]);
});
