/**
 * What a library's source says of its functions, read without running it: calls of redis.register_function that stand by
 * themselves, not within a block, with literal names. Such a call runs whenever the library loads, so what is found here
 * is certain; what a loop, a condition or a variable would register is not found.
 *
 *   redis.register_function('name', callback)
 *   redis.register_function{function_name='name', callback=..., description='...', flags={'no-writes'}}
 */
import { latin1 } from '../resp/args.ts';

export interface RegisteredFunction {
  readonly name: string;
  readonly description: string | undefined;
  /** In the order of FUNCTION LIST. */
  readonly flags: readonly string[];
}

/** Texts are byte strings. */
export function registeredFunctions(source: Uint8Array): readonly RegisteredFunction[] {
  const tokens = tokensOf(latin1(source, 0, source.length));
  const found = new Map<string, RegisteredFunction>();
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!;
    if (kind !== 'word') continue;
    if (opening.has(text)) depth++;
    else if (closing.has(text)) depth--;
    if (text !== 'redis') continue;
    // Somebody's own variable of that name.
    if (tokens[i - 1]?.text === 'local' || tokens[i + 1]?.text === '=') return [];
    if (depth > 0 || tokens[i + 1]?.text !== '.' || tokens[i + 2]?.text !== 'register_function') continue;
    const one = registration(tokens, i + 3);
    if (one !== undefined) found.set(one.name, one);
  }
  return [...found.values()];
}

interface Token {
  readonly kind: 'word' | 'string' | 'mark';
  readonly text: string;
}

const opening: ReadonlySet<string> = new Set(['function', 'do', 'if', 'repeat']);
const closing: ReadonlySet<string> = new Set(['end', 'until']);
const knownFlags = ['no-writes', 'allow-oom', 'allow-stale', 'no-cluster', 'allow-cross-slot-keys'] as const;

/** The function of the call whose arguments begin with token `at`. */
function registration(tokens: readonly Token[], at: number): RegisteredFunction | undefined {
  let i = at;
  if (isMark(tokens[i], '(')) i++;
  const first = tokens[i];
  if (first?.kind === 'string' && i > at && isMark(tokens[i + 1], ','))
    return { name: first.text, description: undefined, flags: [] };
  if (!isMark(first, '{')) return undefined;
  let name: string | undefined;
  let description: string | undefined;
  let flags: readonly string[] = [];
  let nested = 0;
  for (i++; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!;
    if (kind === 'mark') {
      if (/[{(]/.test(text)) nested++;
      else if (/[})]/.test(text) && nested-- === 0) break;
    }
    if (kind === 'word' && opening.has(text)) nested++;
    else if (kind === 'word' && closing.has(text)) nested--;
    if (kind !== 'word' || nested > 0 || !isMark(tokens[i + 1], '=')) continue;
    const value = tokens[i + 2];
    const whole = value?.kind === 'string' && /^[,;}]$/.test(tokens[i + 3]?.text ?? '');
    if (text === 'function_name') name = whole ? value.text : undefined;
    else if (text === 'description') description = whole ? value.text : undefined;
    else if (text === 'flags') flags = flagsFrom(tokens, i + 2);
  }
  return name === undefined ? undefined : { name, description, flags };
}

function flagsFrom(tokens: readonly Token[], at: number): readonly string[] {
  const given = new Set<string>();
  if (isMark(tokens[at], '{'))
    for (let i = at + 1; tokens[i]?.kind === 'string' || /^[,;]$/.test(tokens[i]?.text ?? ''); i++)
      if (tokens[i]!.kind === 'string') given.add(tokens[i]!.text);
  return knownFlags.filter((flag) => given.has(flag));
}

function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === 'mark' && token.text === text;
}

/** Words and numbers, strings without their quotes, and all else char by char; without spaces and comments. */
function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  // A library begins with its metadata, which is no Lua.
  let at = text.indexOf('\n');
  while (at >= 0 && at < text.length) {
    const char = text[at]!;
    const comment = text.startsWith('--', at);
    const long = /^\[=*\[/.exec(text.slice(comment ? at + 2 : at, at + LONG_BRACKET_MAX))?.[0];
    if (long !== undefined) {
      const start = at + (comment ? 2 : 0) + long.length;
      const end = text.indexOf(long.replaceAll('[', ']'), start);
      if (end < 0) break;
      if (!comment) tokens.push({ kind: 'string', text: text.slice(start, end).replace(/^\r?\n/, '') });
      at = end + long.length;
    } else if (comment) {
      const end = text.indexOf('\n', at);
      if (end < 0) break;
      at = end;
    } else if (char === '"' || char === "'") {
      let end = at + 1;
      while (end < text.length && text[end] !== char) end += text[end] === '\\' ? 2 : 1;
      tokens.push({ kind: 'string', text: unescaped(text.slice(at + 1, end)) });
      at = end + 1;
    } else if (/\w/.test(char)) {
      let end = at + 1;
      while (end < text.length && /\w/.test(text[end]!)) end++;
      tokens.push({ kind: 'word', text: text.slice(at, end) });
      at = end;
    } else {
      if (!/\s/.test(char)) tokens.push({ kind: 'mark', text: char });
      at++;
    }
  }
  return tokens;
}

/** Longest opening of a long string, with its level's signs, that is looked for. */
const LONG_BRACKET_MAX = 66;
const escapes: { readonly [char: string]: string } = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unescaped(text: string): string {
  return text.replaceAll(/\\(\d{1,3}|[^])/g, (_, what: string) =>
    /^\d/.test(what) ? String.fromCharCode(Number(what) & 0xff) : (escapes[what] ?? what),
  );
}
