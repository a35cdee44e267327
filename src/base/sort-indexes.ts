/**
 * Sorts indexes into something else: a merge sort from below, stable. `TypedArray.sort` with a function does the same with
 * several times the CPU, as it calls the function from outside of optimized code.
 */

/** Runs of so many are sorted by insertion. */
const RUN = 8;

/** `compare`: below 0 if `a` comes first, 0 if they keep their order. */
export function sortIndexes(order: Uint32Array, compare: (a: number, b: number) => number): void {
  const count = order.length;
  for (let start = 0; start < count; start += RUN) sortRun(order, start, Math.min(start + RUN, count), compare);
  if (count <= RUN) return;
  let from = order;
  let to: Uint32Array = new Uint32Array(count);
  for (let width = RUN; width < count; width *= 2) {
    for (let left = 0; left < count; left += 2 * width) {
      const middle = Math.min(left + width, count);
      const right = Math.min(left + 2 * width, count);
      if (middle === right || compare(from[middle - 1]!, from[middle]!) <= 0) to.set(from.subarray(left, right), left);
      else merge(from, to, left, middle, right, compare);
    }
    [from, to] = [to, from];
  }
  if (from !== order) order.set(from);
}

function sortRun(order: Uint32Array, start: number, end: number, compare: (a: number, b: number) => number): void {
  for (let i = start + 1; i < end; i++) {
    const item = order[i]!;
    let place = i;
    while (place > start && compare(order[place - 1]!, item) > 0) {
      order[place] = order[place - 1]!;
      place--;
    }
    order[place] = item;
  }
}

function merge(
  from: Uint32Array,
  to: Uint32Array,
  left: number,
  middle: number,
  right: number,
  compare: (a: number, b: number) => number,
): void {
  let a = left;
  let b = middle;
  let at = left;
  while (a < middle && b < right) to[at++] = compare(from[a]!, from[b]!) <= 0 ? from[a++]! : from[b++]!;
  while (a < middle) to[at++] = from[a++]!;
  while (b < right) to[at++] = from[b++]!;
}
