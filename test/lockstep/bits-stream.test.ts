/** What bit and HyperLogLog commands send to replicas, compared with redis-server: themselves, and nothing where nothing changed. */
import assert from 'node:assert/strict';
import { streamLockstep } from '../support/stream-lockstep.ts';

const { streams, withStreams } = streamLockstep();

streams('bit and HyperLogLog commands propagate as they came, if they changed something', [
  'SETBIT k 10 1',
  'SETBIT k 10 1',
  'SETBIT k 10 0',
  'SETBIT k 100 0',
  'SETBIT k 100 0',
  'SETBIT new 0 0',
  'SETBIT k x 0',
  'GETBIT k 10',
  'BITCOUNT k',
  'BITPOS k 1',
  'BITOP NOT d k',
  'BITOP AND d none',
  'BITOP AND d none',
  'BITOP OR k k new',
  'BITFIELD k GET u8 0',
  'BITFIELD_RO k GET u8 0',
  'BITFIELD k SET u8 0 17',
  'BITFIELD k SET u8 0 17',
  'BITFIELD k SET i64 0 17 GET u8 0 INCRBY i64 0 1',
  'BITFIELD k SET i64 0 18',
  'BITFIELD k INCRBY u8 0 0',
  'BITFIELD k OVERFLOW FAIL INCRBY u8 0 1000',
  'BITFIELD k OVERFLOW FAIL INCRBY u8 0 1000 SET u8 0 5',
  'BITFIELD grows SET u8 100 0',
  'BITFIELD grows SET u8 1000 0',
  'BITFIELD k OVERFLOW x',
  'PFADD h',
  'PFADD h',
  'PFADD h a b',
  'PFADD h a b',
  'PFCOUNT h',
  'PFCOUNT h',
  'PFADD g c',
  'PFCOUNT h g',
  'PFCOUNT g',
  'PFMERGE h g',
  'PFMERGE h g',
  'PFMERGE none',
  'PFMERGE none k',
  'PFDEBUG ENCODING h',
  'PFDEBUG TODENSE h',
  'PFDEBUG TODENSE h',
  'PFDEBUG GETREG h',
  'PFDEBUG GETREG g',
  'PFCOUNT missing',
]);

withStreams('BITFIELD that only grows its value propagates', async (_, headwater) => {
  // Here Redis's replicas miss the new length of the value; ours get it.
  const { effects } = await headwater(...'BITFIELD grown OVERFLOW FAIL INCRBY u2 100 100'.split(' '));
  assert.deepEqual(
    effects.filter(([name]) => name !== 'SELECT'),
    [['BITFIELD', 'grown', 'OVERFLOW', 'FAIL', 'INCRBY', 'u2', '100', '100']],
  );
});
