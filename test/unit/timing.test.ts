/** When commands are timed: decided by thresholds, by what a command may be, and by what turns have shown. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/base/ambient.ts';
import type { Settings } from '../../src/base/settings.ts';
import type { CommandRow } from '../../src/commands/row.ts';
import { CommandTable } from '../../src/commands/table.ts';
import type { Call } from '../../src/commands/call.ts';
import { Executor, type ExecutorHooks } from '../../src/server/execute.ts';
import type { Gates } from '../../src/server/gates.ts';
import { LatencyMonitor } from '../../src/server/latency-monitor.ts';
import { Slowlog } from '../../src/server/slowlog.ts';
import { Timing } from '../../src/server/timing.ts';
import { TurnStatistics } from '../../src/server/turn-statistics.ts';

const row = (name: string, complexity: string, flags: CommandRow['flags']): CommandRow => ({
  name,
  arity: -1,
  flags,
  categories: [],
  group: 'generic',
  since: '1.0.0',
  complexity,
  summary: '',
  handler: () => {},
});

function subject(directives: Partial<Settings>) {
  const settings = {
    slowlogLogSlowerThanMicros: 10_000,
    slowlogMaxLen: 128,
    latencyMonitorThresholdMs: 0,
    ...directives,
  } as Settings;
  let now = 1_700_000_000_000;
  const clock = { now: () => now } as Clock;
  const table = new CommandTable([[row('quick', 'O(1)', []), row('fast', 'O(N)', ['fast']), row('slow', 'O(N)', [])]]);
  const executor = new Executor({} as Call, table, {} as Gates, {} as ExecutorHooks);
  const slowlog = new Slowlog(clock, settings);
  const latency = new LatencyMonitor(clock, settings);
  const turns = new TurnStatistics();
  const timing = new Timing({ clock, settings, executor, slowlog, latency, turns });
  const timed = (): string[] => [...table.all()].filter((command) => command.timed).map(({ name }) => name);
  /** Runs each command often enough that one would know how it is. */
  const warmUp = (): void => {
    for (const command of table.all())
      for (let i = 0; i < 100; i++) {
        command.calls++;
        command.took(1, true);
      }
  };
  const pass = (ms: number): number => (now += ms);
  return { settings, table, executor, slowlog, latency, turns, timing, timed, warmUp, pass };
}

test('each command is timed at first, later those that may be slow', () => {
  const { timed, warmUp } = subject({});
  assert.deepEqual(timed(), ['quick', 'fast', 'slow']);
  warmUp();
  assert.deepEqual(timed(), ['slow']);
});

test('with a small threshold all are timed', () => {
  for (const directives of [{ slowlogLogSlowerThanMicros: 0 }, { slowlogLogSlowerThanMicros: 999 }]) {
    const { timed, warmUp, settings, timing } = subject(directives);
    warmUp();
    assert.deepEqual(timed(), ['quick', 'fast', 'slow']);
    settings.slowlogLogSlowerThanMicros = 10_000;
    timing.settingsChanged();
    assert.deepEqual(timed(), ['slow']);
  }
});

test('after a long turn all are timed for a while, and then not again at once', () => {
  const { timed, warmUp, timing, pass } = subject({});
  warmUp();
  timing.mark(pass(0));
  timing.mark(pass(9));
  timing.turnEnded();
  // Time between turns is nobody's.
  timing.mark(pass(1000));
  assert.deepEqual(timed(), ['slow']);
  pass(10);
  timing.turnEnded();
  assert.deepEqual(timed(), ['quick', 'fast', 'slow']);
  for (let second = 0; second < 3; second++) timing.everySecond();
  assert.deepEqual(timed(), ['slow']);
  timing.mark(pass(1000));
  timing.mark(pass(50));
  assert.deepEqual(timed(), ['slow']);
  for (let second = 0; second < 60; second++) timing.everySecond();
  timing.mark(pass(50));
  assert.deepEqual(timed(), ['quick', 'fast', 'slow']);
});

test('nothing is looked for while slow log and latency monitor are off', () => {
  for (const directives of [{ slowlogLogSlowerThanMicros: -1 }, { slowlogMaxLen: 0 }]) {
    const { timed, warmUp, timing, pass, executor } = subject(directives);
    warmUp();
    assert.equal(executor.slowMicros, Infinity);
    timing.mark(pass(0));
    timing.mark(pass(100_000));
    assert.deepEqual(timed(), ['slow']);
  }
});

test('the smaller threshold counts', () => {
  const { executor, settings, timing } = subject({ latencyMonitorThresholdMs: 5 });
  assert.equal(executor.slowMicros, 5000);
  settings.slowlogLogSlowerThanMicros = 2000;
  timing.settingsChanged();
  assert.equal(executor.slowMicros, 2000);
  settings.slowlogLogSlowerThanMicros = -1;
  settings.latencyMonitorThresholdMs = 0;
  timing.settingsChanged();
  assert.equal(executor.slowMicros, Infinity);
});

test('a command with a large reply is timed from then on', () => {
  const { table, timed, warmUp, executor } = subject({});
  warmUp();
  table.byName.get('quick')!.repliedLargely();
  executor.setPrecise(true);
  executor.setPrecise(false);
  assert.deepEqual(timed(), ['quick', 'slow']);
});

test('a sample of the calls stands for all', () => {
  const { table, warmUp } = subject({});
  warmUp();
  for (const { calls, micros, latency } of table.all()) {
    assert.equal(calls, 100);
    assert.ok(Math.abs(micros - 100) <= 32 && Math.abs(latency.count - 100) <= 32, `${micros}, ${latency.count}`);
  }
});
