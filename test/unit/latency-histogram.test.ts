import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LatencyHistogram } from '../../src/base/latency-histogram.ts';

test('a percentile is at most a sixteenth above a duration that was recorded', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.1, max: 1e8, noNaN: true }), { minLength: 1, maxLength: 50, size: 'max' }),
      fc.constantFrom(1, 50, 99, 99.9, 100),
      (durations, percent) => {
        const histogram = new LatencyHistogram();
        for (const duration of durations) histogram.record(duration, 1);
        const rank = Math.max(1, Math.ceil((durations.length * percent) / 100));
        const exact = durations.toSorted((a, b) => a - b)[rank - 1]!;
        const shown = histogram.percentile(percent);
        assert.ok(shown >= exact && shown <= exact * (17 / 16) + 1 / 16, `${shown} for ${exact}`);
      },
    ),
  );
});

test('a weight counts as that many, and reset forgets all', () => {
  const histogram = new LatencyHistogram();
  histogram.record(1, 99);
  histogram.record(1000, 1);
  assert.equal(histogram.count, 100);
  assert.ok(histogram.percentile(99) < 2);
  assert.ok(histogram.percentile(100) >= 1000);
  histogram.reset();
  assert.equal(histogram.count, 0);
  assert.equal(histogram.percentile(50), 0);
});

test('what is out of range counts as the longest', () => {
  const histogram = new LatencyHistogram();
  histogram.record(-1, 1);
  histogram.record(1e15, 1);
  assert.ok(histogram.percentile(50) <= 0.1);
  assert.ok(histogram.percentile(100) > 4e9);
});
