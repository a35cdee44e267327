/**
 * `npm run bench`: all figures of docs/performance.md. Options: --quick (small figures, for a look), --only NAME
 * (load, memory, persistence, sync, resync, burst, micro; may be repeated), --workload NAME (one command of the load; may be repeated).
 */
import { parseArgs } from 'node:util';
import { burst } from './burst.ts';
import { fullSync } from './full-sync.ts';
import { load } from './load.ts';
import { memory } from './memory.ts';
import { micro } from './micro.ts';
import { persistence } from './persistence.ts';
import { resync } from './resync.ts';
import { syncUnderLoad } from './sync-load.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    workload: { type: 'string', multiple: true, default: [] },
  },
});
const wanted = (name: string): boolean => options.only.length === 0 || options.only.includes(name);
const keys = options.quick ? 100_000 : 1_000_000;

console.log(`Node ${process.version}, ${process.platform} ${process.arch}\n`);
if (wanted('load'))
  await load({ requests: options.quick ? 200_000 : 2_000_000, rounds: options.quick ? 3 : 5, only: options.workload });
if (wanted('memory')) await memory(keys);
if (wanted('persistence')) await persistence(keys, options.quick ? 1 : 5);
if (wanted('sync')) {
  await fullSync(keys, options.quick ? 1 : 3);
  await syncUnderLoad([keys, 4 * keys], options.quick ? 1000 : 2000, options.quick ? 1 : 3);
}
if (wanted('resync'))
  await resync(options.quick ? [1e6] : [1e5, 4e6, 32e6], options.quick ? 3 : 11, options.quick ? [0] : [0, 0.25, 1]);
if (wanted('burst'))
  for (const linkBytesPerSecond of [150e6, 60e6])
    await burst(options.quick ? 200_000 : 1_000_000, linkBytesPerSecond, options.quick ? 1 : 3);
if (wanted('micro')) await micro(keys);
