/** MEMORY: what a key takes, where the memory goes, and whether something looks wrong with it. */
import { errors } from '../base/errors.ts';
import { formatDouble } from '../base/numbers.ts';
import { keyMemory } from '../store/memory-usage.ts';
import type { Call } from './call.ts';
import { helpRow } from './help.ts';
import { type CommandRow, keyAt } from './row.ts';
import type { MemoryUse } from './services.ts';

const DEFAULT_SAMPLES = 5;
const MIB = 1024 * 1024;
/** Below this there is nothing to diagnose. */
const DOCTOR_MIN_BYTES: number = 5 * MIB;

function usage(call: Call): void {
  let samples = DEFAULT_SAMPLES;
  for (let i = 3; i < call.count; i += 2) {
    if (!call.is(i, 'samples') || i + 1 >= call.count) throw errors.syntax;
    samples = call.integer(i + 1);
    if (samples < 0) throw errors.syntax;
  }
  const { args, db, store } = call;
  const entry = db.peek(args.bytes, args.at[2]!, args.length[2]!);
  if (entry === 0 || db.isExpired(entry)) call.reply.null();
  else call.reply.integer(keyMemory(store.space, entry, samples));
}

function stats(call: Call): void {
  const { reply } = call;
  const use = call.services.memoryUse();
  const integer = (name: string, value: number): void => {
    reply.bulkText(name);
    reply.integer(value);
  };
  const double = (name: string, value: number): void => {
    reply.bulkText(name);
    reply.double(formatDouble(value));
  };
  const keys = call.store.space.size;
  const net = Math.max(0, use.used - use.startup);
  reply.map(27 + use.databases.length);
  integer('peak.allocated', use.peak);
  integer('total.allocated', use.used);
  integer('startup.allocated', use.startup);
  integer('replication.backlog', use.backlog);
  integer('clients.slaves', use.clientsReplicas);
  integer('clients.normal', use.clientsNormal);
  integer('cluster.links', 0);
  integer('aof.buffer', 0);
  integer('lua.caches', 0);
  integer('functions.caches', use.functions);
  for (const { index, main, expires } of use.databases) {
    reply.bulkText(`db.${index}`);
    reply.map(3);
    integer('overhead.hashtable.main', main);
    integer('overhead.hashtable.expires', expires);
    integer('overhead.hashtable.slot-to-keys', 0);
  }
  integer('overhead.total', use.overhead);
  integer('keys.count', keys);
  integer('keys.bytes-per-key', keys === 0 ? 0 : Math.floor(net / keys));
  integer('dataset.bytes', use.dataset);
  double('dataset.percentage', Math.min(100, ratio(use.dataset, net) * 100));
  double('peak.percentage', ratio(use.used, use.peak) * 100);
  integer('allocator.allocated', use.allocated);
  integer('allocator.active', use.reserved);
  integer('allocator.resident', use.rss);
  double('allocator-fragmentation.ratio', ratio(use.reserved, use.allocated));
  integer('allocator-fragmentation.bytes', use.reserved - use.allocated);
  double('allocator-rss.ratio', ratio(use.rss, use.reserved));
  integer('allocator-rss.bytes', use.rss - use.reserved);
  double('rss-overhead.ratio', 1);
  integer('rss-overhead.bytes', 0);
  double('fragmentation', ratio(use.rss, use.used + use.engine));
  integer('fragmentation.bytes', use.rss - use.used - use.engine);
}

function doctor(call: Call): void {
  const lines = diagnose(call.services.memoryUse(), call.services.sessions.count);
  call.reply.verbatim(`${lines.join('\n')}\n`);
}

/** What looks unusual, one line each, or one line that nothing does. */
function diagnose(use: MemoryUse, clients: number): readonly string[] {
  if (use.used < DOCTOR_MIN_BYTES) return ['There is too little data in this server for a diagnosis.'];
  const found: string[] = [];
  const percent = (value: number): string => `${Math.round(value * 100)}%`;
  if (ratio(use.peak, use.used) > 1.5)
    found.push(
      `Peak: memory was once at ${percent(ratio(use.peak, use.used))} of what is used now; freed blocks are kept for reuse.`,
    );
  if (ratio(use.reserved, use.allocated) > 1.4 && use.reserved - use.allocated > 10 * MIB)
    found.push(
      `Fragmentation: ${percent(ratio(use.reserved, use.allocated))} of the allocated memory is held from the system.`,
    );
  if (clients > 0 && use.clientsNormal / clients > 200 * 1024)
    found.push('Client buffers: clients hold more than 200 kB each on average. Slow readers, or very large pipelines?');
  if (use.clientsReplicas > 10 * MIB)
    found.push('Replica buffers: more than 10 MB wait for replicas. A slow link, or a slow replica?');
  return found.length === 0 ? ['Nothing unusual.'] : found;
}

function purge(call: Call): void {
  // Empty segments go back to the system by themselves.
  call.reply.ok();
}

function mallocStats(call: Call): void {
  const use = call.services.memoryUse();
  const lines = [
    'arena of off-heap segments',
    `allocated:${use.allocated}`,
    `reserved:${use.reserved}`,
    `blocks:${use.blocks}`,
    `rss:${use.rss}`,
  ];
  call.reply.verbatim(`${lines.join('\n')}\n`);
}

function ratio(value: number, by: number): number {
  return by > 0 ? value / by : 0;
}

const facts = { categories: [], flags: [], group: 'server', since: '4.0.0' } as const;
const special = ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'] as const;

export const memoryCommands: readonly CommandRow[] = [
  {
    ...facts,
    name: 'memory',
    arity: -2,
    complexity: 'Depends on subcommand.',
    summary: 'Tells about memory.',
    subcommands: [
      {
        ...facts,
        name: 'memory|usage',
        arity: -3,
        flags: ['readonly'],
        keys: [keyAt(2, 'RO')],
        complexity: 'O(N) with N the number of samples',
        summary: 'Estimates the bytes that a key and its value take.',
        handler: usage,
      },
      {
        ...facts,
        name: 'memory|stats',
        arity: 2,
        tips: special,
        complexity: 'O(1)',
        summary: 'Tells where the memory goes.',
        handler: stats,
      },
      {
        ...facts,
        name: 'memory|doctor',
        arity: 2,
        tips: special,
        complexity: 'O(1)',
        summary: 'Names what looks unusual about memory.',
        handler: doctor,
      },
      {
        ...facts,
        name: 'memory|purge',
        arity: 2,
        tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        complexity: 'O(1)',
        summary: 'Asks the allocator to give memory back to the system.',
        handler: purge,
      },
      {
        ...facts,
        name: 'memory|malloc-stats',
        arity: 2,
        tips: special,
        complexity: 'O(1)',
        summary: "Tells the allocator's figures.",
        handler: mallocStats,
      },
      helpRow('memory', { categories: [], group: 'server', since: '4.0.0' }),
    ],
  },
];
