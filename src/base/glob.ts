/**
 * Glob matching with Redis's rules: `*`, `?`, `[a-z]`, `[^x]`, and `\` before a literal byte. Serves KEYS, SCAN,
 * PSUBSCRIBE and CONFIG GET, so its odd corners are Redis's too: a class without `]` ends with the pattern, a range
 * may be written backwards, bytes above 127 count as negative in a range, and only the empty pattern matches the
 * empty text.
 *
 * Bounded: every `*` but the last one met is settled for good, so the time is at most pattern length times text
 * length, also for patterns made to hurt (`a*a*a*a*b`). Allocates nothing.
 */

const star = 0x2a;
const question = 0x3f;
const open = 0x5b;
const close = 0x5d;
const caret = 0x5e;
const dash = 0x2d;
const backslash = 0x5c;

/** True when the whole text matches the whole pattern. `ignoreCase` folds ASCII letters only. */
export function globMatch(
  pattern: Uint8Array,
  patternAt: number,
  patternLength: number,
  text: Uint8Array,
  textAt: number,
  textLength: number,
  ignoreCase: boolean,
): boolean {
  const patternEnd = patternAt + patternLength;
  const textEnd = textAt + textLength;
  if (textLength === 0) return patternLength === 0;
  let p = patternAt;
  let t = textAt;
  // Where to resume after a mismatch: behind the last star, with the star taking one byte more.
  let resumePattern = -1;
  let resumeText = 0;
  while (t < textEnd) {
    let matched = false;
    if (p < patternEnd) {
      const byte = pattern[p]!;
      if (byte === star) {
        while (p < patternEnd && pattern[p] === star) p++;
        if (p === patternEnd) return true;
        resumePattern = p;
        resumeText = t;
        continue;
      }
      if (byte === question) {
        matched = true;
        p++;
      } else if (byte === open) {
        const result = matchClass(pattern, p + 1, patternEnd, text[t]!, ignoreCase);
        matched = result % 2 === 1;
        p = (result - (result % 2)) / 2;
      } else {
        if (byte === backslash && p + 1 < patternEnd) p++;
        const expected = pattern[p]!;
        const actual = text[t]!;
        matched = expected === actual || (ignoreCase && fold(expected) === fold(actual));
        p++;
      }
    }
    if (matched) t++;
    else {
      if (resumePattern < 0) return false;
      p = resumePattern;
      t = ++resumeText;
    }
  }
  while (p < patternEnd && pattern[p] === star) p++;
  return p === patternEnd;
}

/** Matches one byte against the class whose inside starts at `at`. Returns twice the position behind the class, plus 1 on a match. */
function matchClass(pattern: Uint8Array, at: number, end: number, byte: number, ignoreCase: boolean): number {
  let p = at;
  const negated = p < end && pattern[p] === caret;
  if (negated) p++;
  let found = false;
  while (p < end) {
    const item = pattern[p]!;
    if (item === backslash && end - p >= 2) {
      // An escaped byte is compared exactly, even when case is ignored: so does Redis.
      if (pattern[p + 1] === byte) found = true;
      p += 2;
    } else if (item === close) {
      p++;
      return p * 2 + (found !== negated ? 1 : 0);
    } else if (end - p >= 3 && pattern[p + 1] === dash) {
      if (inRange(item, pattern[p + 2]!, byte, ignoreCase)) found = true;
      p += 3;
    } else {
      if (item === byte || (ignoreCase && fold(item) === fold(byte))) found = true;
      p++;
    }
  }
  return p * 2 + (found !== negated ? 1 : 0);
}

function inRange(from: number, to: number, byte: number, ignoreCase: boolean): boolean {
  let low = signed(from);
  let high = signed(to);
  let value = signed(byte);
  if (low > high) {
    const swap = low;
    low = high;
    high = swap;
  }
  if (ignoreCase) {
    low = fold(low);
    high = fold(high);
    value = fold(value);
  }
  return value >= low && value <= high;
}

function signed(byte: number): number {
  return byte > 127 ? byte - 256 : byte;
}

function fold(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}
