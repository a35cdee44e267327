/**
 * Splits a line of configuration into words, and quotes a word so that splitting gives it back. The rules are those
 * of redis.conf and of redis-cli's input:
 *
 *   "..."  with \n \r \t \b \a, \xHH, and \ before any other byte;   '...'  with \' only
 *
 * Strings here are byte strings: one char for each byte (latin1), so that every password survives.
 */

/** The words of a line; undefined when a quote is not closed, or is followed by something other than a blank. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && ' \t\n\v\f\r'.includes(line[at]!)) at++;
    if (at === line.length) return words;
    let word = '';
    let quote = '';
    for (; at < line.length; at++) {
      const char = line[at]!;
      if (quote === '') {
        if (' \t\n\r'.includes(char)) break;
        if (char === '"' || char === "'") quote = char;
        else word += char;
        continue;
      }
      if (char === quote) {
        // Nothing may touch a closing quote.
        if (at + 1 < line.length && !' \t\n\v\f\r'.includes(line[at + 1]!)) return undefined;
        quote = '';
        at++;
        break;
      }
      if (char === '\\' && at + 1 < line.length) {
        const next = line[at + 1]!;
        if (quote === "'") {
          if (next === "'") at++;
          word += next === "'" ? next : char;
          continue;
        }
        const hex = /^[0-9a-fA-F]{2}$/.exec(line.slice(at + 2, at + 4));
        if (next === 'x' && hex !== null) {
          word += String.fromCharCode(Number.parseInt(hex[0], 16));
          at += 3;
        } else {
          word += escapes[next] ?? next;
          at++;
        }
        continue;
      }
      word += char;
    }
    if (quote !== '') return undefined;
    words.push(word);
  }
}

const escapes: { readonly [letter: string]: string | undefined } = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  a: '\x07',
};

/** The word in double quotes, everything unprintable escaped. */
export function quoteWord(word: string): string {
  let quoted = '"';
  for (const char of word) {
    const code = char.charCodeAt(0);
    if (char === '"' || char === '\\') quoted += `\\${char}`;
    else if (code >= 0x20 && code < 0x7f) quoted += char;
    else quoted += shortEscapes[char] ?? `\\x${code.toString(16).padStart(2, '0')}`;
  }
  return `${quoted}"`;
}

const shortEscapes: { readonly [char: string]: string | undefined } = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x07': '\\a',
  '\b': '\\b',
};

/** The byte string of a JS string, and back: for file names, which the system takes as UTF-8. */
export function toByteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

export function fromByteString(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
