/** LATENCY GRAPH and LATENCY DOCTOR as text: pure functions of what the latency monitor has seen. */
import type { LatencyEvent } from './services.ts';

/** Samples that fit beside each other, and lines that a bar may be high. */
const COLUMNS = 80;
const ROWS = 4;
/** A bar's top within its line, from a little to all of it. */
const TOPS = '_oO#';
const LABEL_ROWS = 4;

/** Bars of the last samples, the newest at the right, with the age of each below it. `now`: Unix seconds. */
export function latencyGraph(event: LatencyEvent, now: number): string {
  const samples = event.samples.slice(-COLUMNS);
  const values = samples.map(({ ms }) => ms);
  const high = Math.max(...values);
  const low = Math.min(...values);
  const lines = [
    `${event.name} - high ${high} ms, low ${low} ms (all time high ${event.maxMs} ms)`,
    '-'.repeat(COLUMNS),
  ];
  // Eighths: the lowest sample has one step, the highest all of them.
  const steps = values.map((ms) => 1 + Math.round(((ms - low) / Math.max(1, high - low)) * (ROWS * TOPS.length - 1)));
  for (let row = ROWS - 1; row >= 0; row--) {
    const bar = (step: number): string => {
      const within = Math.min(step - row * TOPS.length, TOPS.length);
      return within <= 0 ? ' ' : TOPS[within - 1]!;
    };
    lines.push(steps.map(bar).join('').trimEnd());
  }
  lines.push('');
  const labels = samples.map(({ seconds }) => age(Math.max(0, now - seconds)));
  for (let row = 0; row < LABEL_ROWS; row++) {
    const line = labels
      .map((label) => label[row] ?? ' ')
      .join('')
      .trimEnd();
    if (line !== '') lines.push(line);
  }
  return `${lines.join('\n')}\n`;
}

function age(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.min(999, Math.floor(seconds / 86_400))}d`;
}

/** What to do about events whose name starts so. */
const advice: readonly (readonly [event: string, text: string])[] = [
  ['command', 'SLOWLOG GET names the commands that took long; slowlog-log-slower-than sets how long that is.'],
  ['fast-command', 'Quick commands were late: is the machine busy, does it swap, or did large replies wait?'],
  ['eviction', 'Evicting takes time when many keys have to go at once: leave more room, or use smaller values.'],
  ['expire', 'Many keys expire within the same second: spread their times.'],
  ['aof', 'The disk is slow to take the append only file: consider appendfsync everysec, or another disk.'],
  ['rdb', 'Writing or removing an RDB file took long: look at the disk.'],
];

export interface LatencyFacts {
  readonly enabled: boolean;
  readonly slowlogMicros: number;
  readonly thresholdMs: number;
}

export function latencyDoctor(events: readonly LatencyEvent[], facts: LatencyFacts): string {
  if (!facts.enabled && events.length === 0)
    return 'Latency is not monitored. CONFIG SET latency-monitor-threshold <milliseconds> turns it on.\n';
  if (events.length === 0) return 'No delays were seen so far.\n';
  const lines = ['Delays were seen:', ''];
  for (const [i, { name, samples, maxMs }] of events.entries()) {
    const mean = samples.reduce((sum, { ms }) => sum + ms, 0) / samples.length;
    const deviation = samples.reduce((sum, { ms }) => sum + Math.abs(ms - mean), 0) / samples.length;
    const span = samples.at(-1)!.seconds - samples[0]!.seconds;
    const period = (span / Math.max(1, samples.length - 1)).toFixed(2);
    lines.push(
      `${i + 1}. ${name}: ${samples.length} latency spikes (average ${Math.round(mean)}ms, mean deviation ` +
        `${Math.round(deviation)}ms, period ${period} sec). Worst all time event ${maxMs}ms.`,
    );
  }
  const hints = advice.filter(([prefix]) => events.some(({ name }) => name.startsWith(prefix))).map(([, text]) => text);
  if (facts.slowlogMicros < 0 || facts.slowlogMicros > facts.thresholdMs * 1000)
    hints.push(
      'slowlog-log-slower-than is off or above latency-monitor-threshold: some of these commands are not logged.',
    );
  lines.push('', ...hints.map((hint) => `- ${hint}`));
  return `${lines.join('\n')}\n`;
}
