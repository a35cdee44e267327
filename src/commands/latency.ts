/** LATENCY: delays by what caused them, and how the durations of commands are distributed. */
import { replyError } from '../base/errors.ts';
import type { Call } from './call.ts';
import { helpRow } from './help.ts';
import { latencyDoctor, latencyGraph } from './latency-report.ts';
import type { CommandRow } from './row.ts';
import type { Command } from './table.ts';

function latest(call: Call): void {
  const { reply } = call;
  const events = [...call.services.latency.events()];
  reply.array(events.length);
  for (const { name, samples, maxMs } of events) {
    const { seconds, ms } = samples.at(-1)!;
    reply.array(4);
    reply.bulkText(name);
    reply.integer(seconds);
    reply.integer(ms);
    reply.integer(maxMs);
  }
}

function history(call: Call): void {
  const { reply } = call;
  const samples = call.services.latency.find(call.text(2))?.samples ?? [];
  reply.array(samples.length);
  for (const { seconds, ms } of samples) {
    reply.array(2);
    reply.integer(seconds);
    reply.integer(ms);
  }
}

function graph(call: Call): void {
  const event = call.services.latency.find(call.text(2));
  if (event === undefined) throw replyError(`ERR No samples available for event '${call.text(2)}'`);
  call.reply.verbatim(latencyGraph(event, Math.floor(call.now / 1000)));
}

function doctor(call: Call): void {
  const { latency, settings } = call.services;
  const facts = {
    enabled: latency.enabled,
    slowlogMicros: settings.slowlogLogSlowerThanMicros,
    thresholdMs: settings.latencyMonitorThresholdMs,
  };
  call.reply.verbatim(latencyDoctor([...latency.events()], facts));
}

function reset(call: Call): void {
  const names: string[] = [];
  for (let i = 2; i < call.count; i++) names.push(call.text(i));
  call.reply.integer(call.services.latency.reset(names));
}

/** HISTOGRAM [command ...]: a container stands for its subcommands; names that are none are left out. */
function histogram(call: Call): void {
  const { reply } = call;
  const { commands } = call.services;
  const chosen: Command[] = [];
  if (call.count === 2) chosen.push(...commands.all());
  for (let i = 2; i < call.count; i++) {
    const [name, sub] = call.text(i).toLowerCase().split('|') as [string, string | undefined];
    const command = commands.byName.get(name);
    if (command === undefined) continue;
    if (sub === undefined) chosen.push(command, ...(command.subcommands?.values() ?? []));
    else chosen.push(...[command.subcommands?.get(sub)].filter((found) => found !== undefined));
  }
  const known = chosen.filter(({ latency }) => latency.count > 0);
  reply.map(known.length);
  for (const { name, latency, calls } of known) {
    // Not every call was timed: those that were stand for all.
    const share = calls / latency.count;
    const rows = latency.cumulative();
    reply.bulkText(name);
    reply.map(2);
    reply.bulkText('calls');
    reply.integer(calls);
    reply.bulkText('histogram_usec');
    reply.map(rows.length);
    for (const [micros, count] of rows) {
      reply.integer(micros);
      reply.integer(Math.round(count * share));
    }
  }
}

const facts = { categories: [], group: 'server', since: '2.8.13' } as const;
const flags = ['admin', 'noscript', 'loading', 'stale'] as const;
const tips = ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'] as const;

export const latencyCommands: readonly CommandRow[] = [
  {
    ...facts,
    name: 'latency',
    arity: -2,
    flags: [],
    complexity: 'Depends on subcommand.',
    summary: 'Tells where time was lost.',
    subcommands: [
      {
        ...facts,
        name: 'latency|doctor',
        arity: 2,
        flags,
        tips,
        complexity: 'O(1)',
        summary: 'Reports the delays seen, with advice.',
        handler: doctor,
      },
      {
        ...facts,
        name: 'latency|graph',
        arity: 3,
        flags,
        tips,
        complexity: 'O(1)',
        summary: 'Draws the delays of an event.',
        handler: graph,
      },
      {
        ...facts,
        name: 'latency|histogram',
        arity: -2,
        flags,
        tips,
        since: '7.0.0',
        complexity: 'O(N) with N the number of commands shown',
        summary: 'Tells how the durations of commands are distributed.',
        handler: histogram,
      },
      {
        ...facts,
        name: 'latency|history',
        arity: 3,
        flags,
        tips,
        complexity: 'O(1)',
        summary: 'Returns the delays of an event with their times.',
        handler: history,
      },
      {
        ...facts,
        name: 'latency|latest',
        arity: 2,
        flags,
        tips,
        complexity: 'O(1)',
        summary: 'Returns the last delay of each event.',
        handler: latest,
      },
      {
        ...facts,
        name: 'latency|reset',
        arity: -2,
        flags,
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        complexity: 'O(1)',
        summary: 'Forgets the delays of some events, or of all.',
        handler: reset,
      },
      helpRow('latency', facts),
    ],
  },
];
