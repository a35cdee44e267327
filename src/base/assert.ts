/**
 * Assertions stay on in production: a broken invariant is our fault and must stop the operation
 * before it spreads. Messages are plain strings; do not build one on a hot path.
 */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
