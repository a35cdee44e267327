/**
 * What hash and set commands send to replicas, compared with redis-server: canonical effects, and nothing for commands
 * that changed nothing. Random removals are compared with their own reply.
 */
import assert from 'node:assert/strict';
import { decode } from '../support/resp.ts';
import { streamLockstep } from '../support/stream-lockstep.ts';

const { streams, withStreams } = streamLockstep();

streams('hash writes propagate as they came, float sums as their result', [
  'HSET h a 1 b 2',
  'HSET h a 1',
  'HMSET h c 3',
  'HSETNX h c 4',
  'HSETNX h d 4',
  'HINCRBY h a 5',
  'HINCRBY h a 0',
  'HINCRBY h a abc',
  'HINCRBYFLOAT h a 1.5',
  'HINCRBYFLOAT h a 0',
  'HINCRBYFLOAT h a inf',
  'HINCRBYFLOAT fresh f 3.0',
  'HDEL h none',
  'HDEL h b none',
  'HDEL h a c d',
  'HDEL h a',
  'HGETALL h',
  'HRANDFIELD fresh -5',
]);

streams('set writes propagate as they came, if they changed something', [
  'SADD s a b c',
  'SADD s a b',
  'SREM s none',
  'SREM s a none',
  'SMOVE s t b',
  'SMOVE s t none',
  'SMOVE t t b',
  'SMOVE none t b',
  'SADD s b',
  'SMOVE s t b',
  'SUNIONSTORE u s t',
  'SUNIONSTORE u none',
  'SUNIONSTORE u none',
  'SINTERSTORE i s none',
  'SINTERSTORE i s t',
  'SDIFFSTORE d s t',
  'SDIFFSTORE d s s',
  'SDIFFSTORE d s s',
  'SRANDMEMBER s -5',
  'SREM s c',
  'SREM s c',
  'SPOP none',
  'SPOP none 5',
  'SPOP t 0',
  'SADD one x',
  'SPOP one',
  'SADD one x',
  'SPOP one 1',
  'SADD one x y z',
  'SPOP one -1',
]);

function withoutSelect(effects: readonly string[][]): string[][] {
  return effects.filter(([name]) => name !== 'SELECT');
}

withStreams('SPOP of all members propagates as DEL', async (redis, headwater) => {
  for (const run of [redis, headwater]) {
    await run('SADD', 's', 'a', 'b', 'c');
    const { effects } = await run('SPOP', 's', '3');
    assert.deepEqual(withoutSelect(effects), [['DEL', 's']]);
  }
});

withStreams('SPOP of some members propagates the removal of what it replied', async (redis, headwater) => {
  const members = Array.from({ length: 3000 }, (_, i) => `m${i}`);
  for (const run of [redis, headwater]) {
    for (const [size, count] of [
      [10, 1],
      [10, 2],
      [100, 90],
      [3000, 20],
      [3000, 2900],
    ] as const) {
      await run('DEL', 's');
      await run('SADD', 's', ...members.slice(0, size));
      const { reply, effects: all } = await run('SPOP', 's', String(count));
      const effects = withoutSelect(all);
      const popped = decode(reply, 'latin1') as string[];
      assert.equal(popped.length, count);
      const wrapped = effects[0]![0]!.toUpperCase() === 'MULTI';
      assert.equal(wrapped, effects.length > 1);
      const removals = wrapped ? effects.slice(1, -1) : effects;
      for (const words of removals) assert.deepEqual(words.slice(0, 2), ['SREM', 's']);
      assert.deepEqual(
        removals.flatMap((words) => words.slice(2)),
        popped,
      );
    }
  }
});
