/** What stands between a command and its execution, and in which order: alone, while queueing, and at EXEC. */
import { lockstep, type Both, type Command } from '../support/lockstep.ts';

/** Sets directives on both, runs the body, and sets them back. */
async function under(
  both: Both,
  settings: Readonly<Record<string, readonly [during: string, after: string]>>,
  body: () => Promise<void>,
): Promise<void> {
  const set = async (which: 0 | 1): Promise<void> => {
    for (const [name, values] of Object.entries(settings)) await both('CONFIG', 'SET', name, values[which]);
  };
  await set(0);
  try {
    await body();
  } finally {
    await set(1);
  }
}

/** Commands of each kind, alone and inside MULTI. */
const probes: readonly (readonly Command[])[] = [
  [['GET', 'k']],
  [['SET', 'k', '1']],
  [['DEL', 'k']],
  [['PING']],
  [['ECHO', 'x']],
  [['NOSUCH']],
  [['SET', 'k']],
  [['CLIENT', 'GETNAME']],
  [['SELECT', '0']],
  [['DBSIZE']],
  [['FLUSHALL']],
  [['EXEC']],
  [['DISCARD']],
  [['MULTI'], ['GET', 'k'], ['EXEC']],
  [['MULTI'], ['SET', 'k', '1'], ['EXEC']],
  [['MULTI'], ['DEL', 'k'], ['EXEC']],
  [['MULTI'], ['PING'], ['EXEC']],
  [['MULTI'], ['ECHO', 'x'], ['EXEC']],
  [['MULTI'], ['GET', 'k'], ['SET', 'k', '1'], ['EXEC'], ['EXEC']],
  [['MULTI'], ['GET', 'k'], ['DISCARD'], ['EXEC']],
  [['MULTI'], ['NOSUCH'], ['EXEC']],
  [['MULTI'], ['WATCH', 'k'], ['DISCARD']],
  [['MULTI'], ['MULTI'], ['RESET']],
  [['WATCH', 'k'], ['UNWATCH']],
];

async function probe(both: Both): Promise<void> {
  for (const commands of probes) await both.all(commands);
}

/** Queues first, lets the gate fall, and then says EXEC. */
async function queuedBefore(both: Both, settings: Parameters<typeof under>[1]): Promise<void> {
  for (const queue of [[['GET', 'k']], [['SET', 'k', '1']], [['DEL', 'k']], [['ECHO', 'x']], []] as const) {
    const other = await both.open();
    await other.all([['MULTI'], ...queue]);
    await under(both, settings, async () => other.all([['EXEC'], ['EXEC'], ['PING']]));
  }
}

lockstep('memory is short', async (both) => {
  const settings = { maxmemory: ['1', '0'] } as const;
  await both('SET', 'k', '1');
  await under(both, settings, () => probe(both));
  await queuedBefore(both, settings);
});

lockstep('too few replicas', async (both) => {
  const settings = { 'min-replicas-to-write': ['1', '0'] } as const;
  await both('SET', 'k', '1');
  await under(both, settings, () => probe(both));
  await queuedBefore(both, settings);
});

lockstep('memory is short and replicas are few', async (both) => {
  await under(both, { maxmemory: ['1', '0'], 'min-replicas-to-write': ['1', '0'] }, () => probe(both));
});

/** Port 1 of the loopback interface: nobody answers. */
async function asReplica(both: Both, body: () => Promise<void>): Promise<void> {
  await both('REPLICAOF', '127.0.0.1', '1');
  try {
    await body();
  } finally {
    await both('REPLICAOF', 'NO', 'ONE');
  }
}

lockstep('a replica that has lost its master, and may not serve old data', async (both) => {
  await both('SET', 'k', '1');
  const other = await both.open();
  await other.all([['MULTI'], ['SET', 'k', '2']]);
  const reader = await both.open();
  await reader.all([['MULTI'], ['GET', 'k']]);
  await asReplica(both, async () => {
    await probe(both);
    await under(both, { 'replica-serve-stale-data': ['no', 'yes'] }, async () => {
      await probe(both);
      await reader('EXEC');
    });
    await other('EXEC');
    await under(both, { 'replica-read-only': ['no', 'yes'] }, () => probe(both));
    await under(both, { maxmemory: ['1', '0'] }, () => probe(both));
    await under(both, { 'min-replicas-to-write': ['1', '0'], 'replica-serve-stale-data': ['no', 'yes'] }, () =>
      probe(both),
    );
  });
});
