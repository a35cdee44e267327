/**
 * Write bursts with a replica behind a slow link: 400 connections, pipelines of 50, values of 500 bytes. What counts is that
 * the replica is never dropped (a drop ends in a full resync), and what its output limit costs. Servers and limits take turns.
 */
import { field, startLink, until } from './link.ts';
import { type Kind, kinds, median, printTable, redisBenchmark, startServer } from './support.ts';

/** None at all, and Redis's default. One turn of such a burst has about 11 MB. */
const LIMITS = ['replica 0 0 0', 'replica 256mb 64mb 60'];
const WORKLOAD = ['-t', 'set', '-d', '500', '-P', '50', '-c', '400', '-r', '100000'];

interface Figures {
  readonly rates: number[];
  full: number;
  partial: number;
  dropped: number;
  /** Ms that writes waited for the replica; only Headwater does that. */
  held: number;
}

export async function burst(requests: number, linkBytesPerSecond: number, rounds: number): Promise<void> {
  console.log(
    `### Bursts: ${requests.toLocaleString('en')} SETs of 500 bytes, 400 connections, P=50, the replica behind a link of ` +
      `${linkBytesPerSecond / 1e6} MB/s, median of ${rounds}\n`,
  );
  const all = kinds.flatMap((kind) =>
    LIMITS.map((limit) => ({
      kind,
      limit,
      figures: { rates: [], full: 0, partial: 0, dropped: 0, held: 0 } as Figures,
    })),
  );
  for (let round = 0; round < rounds; round++)
    for (const { kind, limit, figures } of all) await once(kind, limit, requests, linkBytesPerSecond, figures);
  const rows = all.map(({ kind, limit, figures: { rates, full, partial, dropped, held } }) => {
    const unlimited = all.find((other) => other.kind === kind)!.figures.rates;
    const share = (median(rates) / median(unlimited)).toFixed(2);
    const rate = Math.round(median(rates)).toLocaleString('en');
    return [kind, limit, rate, share, String(full), String(partial), String(dropped), String(held)];
  });
  printTable(
    [
      'servers',
      'output limit',
      'SET/s',
      'of no limit',
      'full resyncs',
      'partial resyncs',
      'dropped at limit',
      'writes held, ms',
    ],
    rows,
  );
}

async function once(kind: Kind, limit: string, requests: number, rate: number, figures: Figures): Promise<void> {
  const args = ['--repl-diskless-sync-delay', '0', '--client-output-buffer-limit', limit];
  const master = await startServer(kind, args);
  const replica = await startServer(kind, args);
  const link = await startLink(master.port, { bytesPerSecond: rate });
  try {
    await replica.cli('REPLICAOF', '127.0.0.1', String(link.port));
    await until(async () => (await field(replica, 'master_link_status')) === 'up', 'the link is up');
    figures.rates.push(await redisBenchmark(master.port, [...WORKLOAD, '-n', String(requests)]));
    await until(
      async () => (await field(master, 'master_repl_offset')) === (await field(replica, 'slave_repl_offset')),
      'the replica has caught up',
    );
    figures.full += Number(await field(master, 'sync_full')) - 1;
    figures.partial += Number(await field(master, 'sync_partial_ok'));
    figures.held += Number(await field(master, 'headwater_writes_held_ms'));
    figures.dropped += Number(await field(master, 'client_output_buffer_limit_disconnections'));
  } finally {
    link.close();
    await replica.stop();
    await master.stop();
  }
}
