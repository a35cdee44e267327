/** Keys per second of a full sync, for each pair of master and replica, in turns. */
import { follow, openControl } from './control.ts';
import { type BenchServer, type Kind, kinds, median, printTable, startServer } from './support.ts';

const args = [
  '--repl-diskless-sync',
  'yes',
  '--repl-diskless-sync-delay',
  '0',
  '--client-output-buffer-limit',
  'replica 0 0 0',
];

export async function fullSync(keys: number, rounds: number): Promise<void> {
  const seconds = new Map<string, number[]>();
  const masters = new Map<Kind, BenchServer>();
  try {
    for (const kind of kinds) {
      const master = await startServer(kind, args);
      masters.set(kind, master);
      await master.cli('DEBUG', 'POPULATE', String(keys), 'keyprefix', '64');
    }
    for (let round = 0; round < rounds; round++) {
      for (const from of kinds)
        for (const to of kinds) {
          const pair = `${from} -> ${to}`;
          const taken = await once(masters.get(from)!, to, keys);
          seconds.set(pair, [...(seconds.get(pair) ?? []), taken]);
        }
    }
  } finally {
    for (const master of masters.values()) await master.stop();
  }
  const reference = median(seconds.get('redis -> redis')!);
  console.log(`### Full sync: ${keys.toLocaleString('en')} keys of 64 bytes, median of ${rounds}\n`);
  printTable(
    ['master -> replica', 'seconds', 'keys/s', 'times redis -> redis'],
    [...seconds].map(([pair, all]) => [
      pair,
      median(all).toFixed(2),
      Math.round(keys / median(all)).toLocaleString('en'),
      (reference / median(all)).toFixed(2),
    ]),
  );
}

/** Seconds from REPLICAOF to a link that is up. */
async function once(master: BenchServer, to: Kind, keys: number): Promise<number> {
  const replica = await startServer(to, args);
  const control = await openControl(replica.port);
  try {
    const start = performance.now();
    await follow(control, master.port);
    const taken = (performance.now() - start) / 1000;
    const size = Number(await control.ask('DBSIZE'));
    if (size !== keys) throw new Error(`the replica has ${size} keys instead of ${keys}`);
    return taken;
  } finally {
    control.close();
    await replica.stop();
  }
}
