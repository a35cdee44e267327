/**
 * What hashes, sets, lists, sorted sets, transactions and several databases send to replicas, compared with redis-server
 * command by command (strings, keys and expiry: keys-stream.test.ts). The reply must be the same too.
 *
 *   'SPOP s'            same reply, same commands in the stream
 *   '? SPOP s'          members are a matter of chance: same shape of both
 *   'passes 40'         that many ms go by
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { shapeOf } from '../support/lockstep-compare.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { listenToStream } from '../support/replication-stream.ts';
import type { ServerProcess } from '../support/server-process.ts';

const servers: Promise<readonly [ServerProcess, ServerProcess]> = Promise.all([startRedis(), startHeadwater()]);
after(async () => {
  for (const server of await servers) await server.stop();
});

function streams(title: string, commands: readonly string[]): void {
  void test(title, { timeout: 120_000 }, async () => {
    const sides = await Promise.all(
      (await servers).map(async ({ port }) => {
        const client = await connectRaw(port);
        await client.ok('FLUSHALL');
        const stream = await listenToStream(port);
        return { client, stream };
      }),
    );
    try {
      for (const command of commands) {
        const byChance = command.startsWith('? ');
        const args = (byChance ? command.slice(2) : command).split(' ').map((word) => (word === '""' ? '' : word));
        if (args[0] === 'passes') {
          await new Promise((resolve) => setTimeout(resolve, Number(args[1])));
          continue;
        }
        const [redis, headwater] = await Promise.all(sides.map(({ client, stream }) => stream.effectsOf(client, args)));
        const reply = byChance ? shapeOf : (raw: Buffer): string => raw.toString('latin1');
        assert.equal(reply(headwater!.reply), reply(redis!.reply), `the reply to ${command}`);
        const effects = byChance ? shapes : comparable;
        assert.deepEqual(effects(headwater!.effects), effects(redis!.effects), `the stream of ${command}`);
      }
    } finally {
      for (const { client, stream } of sides) {
        await stream.close();
        await client.close();
      }
    }
  });
}

type Effects = readonly (readonly string[])[];

/** Times near now differ a little between two servers. */
function comparable(effects: Effects): string[] {
  const nearNow = (word: string): boolean => /^\d{13}$/.test(word) && Math.abs(Number(word) - Date.now()) < 10_000_000;
  return effects.map((words) => words.map((word) => (nearNow(word) ? '<near now>' : word)).join(' '));
}

/** One SREM for each member or one for many, wrapped or not: what counts is how many members go. */
function shapes(effects: Effects): string[] {
  const lines: string[] = [];
  let removed = 0;
  for (const words of effects) {
    if (words[0] === 'SREM') removed += words.length - 2;
    else if (words[0] !== 'MULTI' && words[0] !== 'EXEC') lines.push(words.join(' '));
  }
  return [...lines, `${removed} members removed`];
}

streams('hashes', [
  'HSET h a 1 b 2',
  'HSET h a 1',
  'HSET h',
  'HSETNX h a 2',
  'HSETNX h c 3',
  'HMSET h d 4 e 5',
  'HINCRBY h a 5',
  'HINCRBY h a 0',
  'HINCRBY h d x',
  'HINCRBYFLOAT h a 1.25',
  'HINCRBYFLOAT h new 3.0e3',
  'HINCRBYFLOAT h a 0',
  'HGET h a',
  'HDEL h none',
  'HDEL none x',
  'HDEL h a none b',
  'HGETALL none',
  'HDEL h c d e new',
  'EXISTS h',
  'SET s 1',
  'HSET s a 1',
]);

streams('sets', [
  'SADD s a b c',
  'SADD s a b',
  'SADD s c d',
  'SREM s none',
  'SREM none a',
  'SREM s a none',
  'SMOVE s t none',
  'SMOVE none t a',
  'SMOVE s t b',
  'SMOVE s s c',
  'SADD t c',
  'SMOVE s t c',
  'SADD one x',
  'SPOP one',
  'EXISTS one',
  'SPOP none',
  'SPOP none 3',
  'SADD few a b c',
  'SPOP few 0',
  '? SPOP few 5',
  'SADD many 1 2 3 4 5 6 7 8 9 10',
  '? SPOP many',
  '? SPOP many 2',
  '? SPOP many 6',
  '? SPOP many 5',
  '? SRANDMEMBER t',
]);

streams('a SPOP with a large count', [
  `SADD s ${Array.from({ length: 3000 }, (_, i) => `m${i}`).join(' ')}`,
  '? SPOP s 1500',
  '? SPOP s 1499',
  '? SPOP s 5',
]);

streams('set algebra with stored results', [
  'SADD a 1 2 3',
  'SADD b 2 3 4',
  'SINTER a b',
  'SINTERSTORE d a b',
  'SUNIONSTORE d a b',
  'SDIFFSTORE d a b',
  'SINTERSTORE d a none',
  'SINTERSTORE d a none',
  'SDIFFSTORE d none a',
  'SUNIONSTORE d none none2',
  'SET s 1',
  'SINTERSTORE s a none',
  'SDIFFSTORE a a a',
]);

streams('lists', [
  'RPUSH l a b c d e f g h',
  'LPUSH l x',
  'LPUSHX none x',
  'RPUSHX none x',
  'RPUSHX l y',
  'LPOP l',
  'RPOP l',
  'LPOP none',
  'RPOP none 2',
  'LPOP l 2',
  'LPOP l 0',
  'LSET l 0 z',
  'LSET l 99 z',
  'LINSERT l BEFORE none q',
  'LINSERT l BEFORE z q',
  'LREM l 0 none',
  'LREM l 0 z',
  'LTRIM l 0 -1',
  'LTRIM l 0 2',
  'LTRIM none 0 1',
  'LTRIM l 5 9',
  'EXISTS l',
  'RPUSH l a b c',
  'LMOVE l m LEFT RIGHT',
  'LMOVE none m LEFT RIGHT',
  'RPOPLPUSH l m',
  'RPOPLPUSH none m',
  'LMOVE l l LEFT RIGHT',
  'LMOVE l m RIGHT LEFT',
  'EXISTS l',
  'LMPOP 1 none LEFT',
  'LMPOP 2 none m LEFT',
  'LMPOP 2 none m RIGHT COUNT 10',
  'RPUSH l a b c',
  'LPOP l 10',
  'RPUSH l a b c',
  'RPOP l 3',
]);

streams('sorted sets', [
  'ZADD z 1 a 2 b 3 c',
  'ZADD z 1 a',
  'ZADD z CH 1 a',
  'ZADD z XX 1 none',
  'ZADD z NX 9 a',
  'ZADD z GT 0 a',
  'ZADD z GT CH 5 a',
  'ZADD z LT 5 a 6 d',
  'ZADD z INCR 2 a',
  'ZADD z NX INCR 2 a',
  'ZADD none XX 1 x',
  'ZADD z x a',
  'ZINCRBY z 1.5 a',
  'ZINCRBY z 0 a',
  'ZREM z none',
  'ZREM z a none',
  'ZREM none a',
  'ZREMRANGEBYSCORE z 100 200',
  'ZREMRANGEBYSCORE z 2 2',
  'ZREMRANGEBYRANK z 50 60',
  'ZREMRANGEBYRANK z 0 0',
  'ZADD lex 0 a 0 b 0 c',
  'ZREMRANGEBYLEX lex [x [z',
  'ZREMRANGEBYLEX lex [a [b',
  'ZPOPMIN none',
  'ZPOPMIN lex',
  'EXISTS lex',
  'ZADD z 1 a 2 b 3 c 4 d',
  'ZPOPMAX z',
  'ZPOPMIN z 0',
  'ZPOPMIN z 2',
  'ZPOPMAX z 10',
  'ZADD z 1 a 2 b 3 c 4 d',
  'ZMPOP 2 none z MIN',
  'ZMPOP 2 none z MAX COUNT 2',
  'ZMPOP 1 none MAX',
  'ZMPOP 2 none z MIN COUNT 10',
  'EXISTS z',
]);

streams('sorted-set algebra with stored results', [
  'ZADD a 1 x 2 y',
  'ZADD b 10 y 20 z',
  'ZUNIONSTORE d 2 a b WEIGHTS 2 3 AGGREGATE MAX',
  'ZINTERSTORE d 2 a b',
  'ZDIFFSTORE d 2 a b',
  'ZRANGESTORE d a 0 -1',
  'ZRANGESTORE d a 5 9',
  'ZRANGESTORE d a 5 9',
  'ZINTERSTORE d 2 a none',
  'SET s 1',
  'ZUNIONSTORE s 1 none',
  'ZDIFFSTORE a 2 a a',
  'EXISTS a',
]);

streams('failing commands send nothing', [
  'SET s text',
  'INCR s',
  'LPUSH s x',
  'HSET s f v',
  'HINCRBYFLOAT s f 1',
  'SADD s x',
  'ZADD s 1 x',
  'INCRBYFLOAT s 1',
  'SETRANGE s -1 x',
  'EXPIRE s x',
  'SET s v EX -1',
  'NOSUCHCOMMAND a b',
  'GET',
  'RENAME none x',
  'LSET none 0 x',
  'SINTERSTORE d s',
  'SPOP s',
  'SMOVE s t x',
]);

streams('several databases: SELECT goes in front of the first command of another one', [
  'SET a 0',
  'SET a 00',
  'SELECT 5',
  'GET a',
  'SET a 5',
  'EXPIRE a 100',
  'SELECT 0',
  'HSET h f v',
  'MOVE a 5',
  'MOVE h 5',
  'COPY h h DB 7',
  'COPY a b DB 7',
  'SWAPDB 0 5',
  'INCR n',
  'SELECT 7',
  'FLUSHDB',
  'FLUSHDB',
  'SELECT 5',
  'FLUSHALL',
  'SET x 1',
]);

streams('transactions with no, one and many writes', [
  'MULTI',
  'EXEC',
  'MULTI',
  'GET a',
  'DEL none',
  'EXEC',
  'MULTI',
  'SET a 1',
  'EXEC',
  'MULTI',
  'SPOP none',
  'SET a 1 EX 100',
  'EXEC',
  'MULTI',
  'SADD s x',
  'SPOP s',
  'HINCRBYFLOAT h f 1.5',
  'INCRBYFLOAT n 2.5',
  'EXPIRE a 10',
  'GETDEL a',
  'EXEC',
  'MULTI',
  'SET k v',
  'LPUSH k x',
  'SET k w',
  'EXEC',
  'MULTI',
  'SET k v',
  'DISCARD',
  'MULTI',
  'NOSUCHCOMMAND',
  'SET k v',
  'EXEC',
  'MULTI',
  'SELECT 2',
  'SET c 1',
  'SELECT 3',
  'SET d 1',
  'SELECT 0',
  'EXEC',
  'SET after 1',
  'MULTI',
  'SELECT 2',
  'GET c',
  'SELECT 3',
  'SET d 2',
  'EXEC',
  'SET still 1',
  'SELECT 0',
  'MULTI',
  'FLUSHALL',
  'SET a 1',
  'SWAPDB 0 1',
  'EXEC',
  'WATCH w',
  'SET w 1',
  'MULTI',
  'SET w 2',
  'EXEC',
]);

streams('expired keys are deleted by name, inside MULTI too', [
  'DEBUG SET-ACTIVE-EXPIRE 0',
  'SET x 1 PX 15',
  'SET y 1 PX 15',
  'passes 40',
  'MULTI',
  'GET x',
  'INCR n',
  'SET y 2',
  'EXEC',
  'HSET h f 1',
  'PEXPIRE h 15',
  'SADD s a',
  'PEXPIRE s 15',
  'RPUSH l a',
  'PEXPIRE l 15',
  'ZADD z 1 a',
  'PEXPIRE z 15',
  'passes 40',
  'HGET h f',
  'SADD s b',
  'RPUSHX l b',
  'ZINCRBY z 1 a',
  'PEXPIRE s 15',
  'PEXPIRE z 15',
  'passes 40',
  'SUNIONSTORE d s z2',
  'SINTERSTORE d s d',
  'ZUNIONSTORE d 1 z',
  'SADD one a',
  'PEXPIRE one 15',
  'passes 40',
  'SPOP one',
  'RPUSH src a',
  'RPUSH dst b',
  'PEXPIRE dst 15',
  'passes 40',
  'LMOVE src dst LEFT RIGHT',
  'RPUSH src a',
  'PEXPIRE src 15',
  'passes 40',
  'RPOPLPUSH src dst',
  'HSET h f 1',
  'PEXPIRE h 15',
  'passes 40',
  'HDEL h f',
  'HSET h f 1',
  'PEXPIRE h 15',
  'passes 40',
  'HINCRBYFLOAT h f 1',
  'DEBUG SET-ACTIVE-EXPIRE 1',
]);

streams('a command in lower case stays as it came', ['set a 1', 'hset h f 1', 'incr n', 'eXpIrE a 100', 'del a']);

streams('what is no write sends nothing', [
  'PING',
  'ECHO hi',
  'SELECT 3',
  'INFO commandstats_none',
  'DBSIZE',
  'CONFIG SET maxmemory 0',
  'CLIENT SETNAME x',
  'MULTI',
  'DISCARD',
  'WATCH a',
  'UNWATCH',
  'DEBUG JMAP_NO',
  'OBJECT FREQ none',
  'TOUCH none',
]);
