/** FAILOVER without replicas: what it refuses. Whole failovers are in test/interop/failover.test.ts. */
import { lockstep } from '../support/lockstep.ts';

lockstep('FAILOVER refuses what Redis refuses, in its order', { resp: 'both' }, async (both) => {
  await both.all([
    ['FAILOVER'],
    ['FAILOVER', 'ABORT'],
    ['FAILOVER', 'ABORT', 'x'],
    ['FAILOVER', 'NONSENSE'],
    ['FAILOVER', 'TIMEOUT'],
    ['FAILOVER', 'TIMEOUT', 'x'],
    ['FAILOVER', 'TIMEOUT', '0'],
    ['FAILOVER', 'TIMEOUT', '-1'],
    ['FAILOVER', 'TIMEOUT', '100'],
    ['FAILOVER', 'TIMEOUT', '100', 'TIMEOUT', '100'],
    ['FAILOVER', 'TO'],
    ['FAILOVER', 'TO', 'localhost'],
    ['FAILOVER', 'TO', 'localhost', 'x'],
    ['FAILOVER', 'TO', 'localhost', '1'],
    ['FAILOVER', 'TO', 'localhost', '1', 'TO', 'localhost', '2'],
    ['FAILOVER', 'TO', 'localhost', '1', 'FORCE'],
    ['FAILOVER', 'FORCE'],
    ['FAILOVER', 'FORCE', 'FORCE'],
    ['FAILOVER', 'TO', 'localhost', '1', 'FORCE', 'TIMEOUT', '100'],
    ['FAILOVER', 'TO', 'localhost', '1', 'ABORT'],
  ]);
  await both('REPLICAOF', '127.0.0.1', '1');
  await both('FAILOVER');
  await both('FAILOVER', 'ABORT');
  await both('REPLICAOF', 'NO', 'ONE');
  await both('MULTI');
  await both('FAILOVER');
  await both('EXEC');
});
