/** What counts as a change for the save points: rdb_changes_since_last_save after each command is redis-server's. */
import assert from 'node:assert/strict';
import { type Command, lockstep } from '../support/lockstep.ts';
import type { RawClient } from '../support/raw-client.ts';

async function changes(client: RawClient): Promise<number> {
  return Number(/rdb_changes_since_last_save:(\d+)/.exec(String(await client.ok('INFO', 'persistence')))![1]);
}

const commands: readonly (readonly [Command, Command?])[] = [
  [['SET', 's', '1']],
  [['SET', 's', '2', 'EX', '1000']],
  [['SET', 's', '3', 'NX']],
  [['SETNX', 's', '1']],
  [['MSET', 'a', '1', 'b', '2', 'c', '3']],
  [['MSETNX', 'd', '1', 'e', '2']],
  [['MSETNX', 'd', '1', 'f', '2']],
  [['APPEND', 's', 'x']],
  [['SETRANGE', 's', '1', 'yy']],
  [['SETRANGE', 's', '1', '']],
  [['INCR', 'a']],
  [['INCRBYFLOAT', 'a', '0.5']],
  [['GETSET', 'a', '1']],
  [['GETEX', 'a', 'EX', '100']],
  [['GETEX', 'a', 'PERSIST']],
  [['GETEX', 'a']],
  [['GETDEL', 'a']],
  [['GETDEL', 'a']],
  [['SETBIT', 'bits', '7', '1']],
  [['SETBIT', 'bits', '7', '1']],
  [['BITOP', 'NOT', 'bits2', 'bits']],
  [['BITOP', 'AND', 'bits2', 'missing']],
  [['BITFIELD', 'bits', 'SET', 'u8', '0', '1', 'INCRBY', 'u8', '8', '1', 'GET', 'u8', '0']],
  [['PFADD', 'hll', 'a', 'b', 'c']],
  [['PFADD', 'hll', 'a']],
  [['PFCOUNT', 'hll']],
  [['PFMERGE', 'hll2', 'hll']],
  [['RPUSH', 'l', 'a', 'b', 'c', 'd', 'e', 'f']],
  [['LPUSHX', 'nolist', 'a']],
  [['LPUSHX', 'l', 'a', 'b']],
  [['LPOP', 'l', '2']],
  [['LPOP', 'l', '0']],
  [['RPOP', 'l']],
  [['LSET', 'l', '0', 'z']],
  [['LINSERT', 'l', 'BEFORE', 'z', 'y']],
  [['LINSERT', 'l', 'BEFORE', 'nothing', 'y']],
  [['LREM', 'l', '0', 'y']],
  [['LREM', 'l', '0', 'nothing']],
  [['LTRIM', 'l', '0', '1']],
  [['LTRIM', 'l', '0', '5']],
  [['LMOVE', 'l', 'l2', 'LEFT', 'RIGHT']],
  [['RPOPLPUSH', 'l2', 'l2']],
  [['LMPOP', '2', 'nolist', 'l2', 'LEFT', 'COUNT', '3']],
  [['SADD', 'set', 'a', 'b', 'c', 'd']],
  [['SADD', 'set', 'a']],
  [['SREM', 'set', 'a', 'nothing']],
  [['SMOVE', 'set', 'set2', 'b']],
  [['SMOVE', 'set', 'set2', 'nothing']],
  [['SPOP', 'set']],
  [['SADD', 'set', '1', '2', '3']],
  [['SPOP', 'set', '2']],
  [['SPOP', 'set', '100']],
  [
    ['SADD', 'sa', '1', '2', '3'],
    ['SADD', 'sb', '2', '3'],
  ],
  [['SINTERSTORE', 'sc', 'sa', 'sb']],
  [['SDIFFSTORE', 'sc', 'sb', 'sa']],
  [['SDIFFSTORE', 'sc', 'sb', 'sa']],
  [['HSET', 'h', 'a', '1', 'b', '2']],
  [['HSET', 'h', 'a', '1']],
  [['HSETNX', 'h', 'a', '2']],
  [['HMSET', 'h', 'c', '1', 'd', '2']],
  [['HINCRBY', 'h', 'a', '3']],
  [['HINCRBYFLOAT', 'h', 'a', '0.5']],
  [['HDEL', 'h', 'a', 'b', 'nothing']],
  [['ZADD', 'z', '1', 'a', '2', 'b', '3', 'c']],
  [['ZADD', 'z', '1', 'a', '5', 'b']],
  [['ZADD', 'z', 'NX', '1', 'a']],
  [['ZADD', 'z', 'INCR', '2', 'a']],
  [['ZINCRBY', 'z', '0', 'a']],
  [['ZREM', 'z', 'a', 'nothing']],
  [['ZPOPMIN', 'z']],
  [['ZADD', 'z', '1', 'a', '2', 'b', '3', 'c', '4', 'd', '5', 'e']],
  [['ZPOPMAX', 'z', '2']],
  [['ZMPOP', '1', 'z', 'MIN', 'COUNT', '2']],
  [['ZADD', 'z', '1', 'a', '2', 'b', '3', 'c', '4', 'd', '5', 'e']],
  [['ZREMRANGEBYRANK', 'z', '0', '1']],
  [['ZREMRANGEBYSCORE', 'z', '100', '200']],
  [['ZRANGESTORE', 'zr', 'z', '0', '-1']],
  [['ZUNIONSTORE', 'zu', '2', 'z', 'zr']],
  [['ZINTERSTORE', 'zu', '2', 'z', 'missing']],
  [['GEOADD', 'g', '13', '38', 'a', '15', '37', 'b']],
  [['GEOSEARCHSTORE', 'g2', 'g', 'FROMLONLAT', '14', '37', 'BYRADIUS', '900', 'km']],
  [['SORT', 'sa', 'STORE', 'sorted']],
  [['SORT', 'missing', 'STORE', 'sorted']],
  [['EXPIRE', 'z', '1000']],
  [['EXPIRE', 'z', '500', 'GT']],
  [['PERSIST', 'z']],
  [['PERSIST', 'z']],
  [['EXPIRE', 'z', '-1']],
  [['RENAME', 'zr', 'zr2']],
  [['RENAMENX', 'zr2', 'h']],
  [['COPY', 'h', 'h2']],
  [['COPY', 'h', 'h2']],
  [['MOVE', 'h2', '1']],
  [['TOUCH', 'h']],
  [['DEL', 's', 'b', 'missing']],
  [['UNLINK', 'c', 'missing']],
  [['SWAPDB', '0', '1']],
  [['SWAPDB', '0', '1']],
  [['PUBLISH', 'channel', 'x']],
  [['FLUSHDB']],
  [['FLUSHDB']],
  [['SET', 'x', '1']],
  [['FLUSHALL']],
];

lockstep('each command counts as many changes as with redis-server', async (both) => {
  const start = [await changes(both.redis), await changes(both.headwater)];
  const seen: string[][] = [[], []];
  for (const [command, second] of commands) {
    for (const [i, client] of [both.redis, both.headwater].entries()) {
      await client.ok(...command);
      if (second !== undefined) await client.ok(...second);
      const now = await changes(client);
      seen[i]!.push(`${command.join(' ')}: ${now - start[i]!}`);
      start[i] = now;
    }
  }
  assert.deepEqual(seen[1], seen[0]);
});
