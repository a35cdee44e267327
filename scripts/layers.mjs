/**
 * Keeps the architecture true, by reading src/**:
 *  1. a folder imports only from folders above it in `order`;
 *  2. no import cycles among modules (`import type` vanishes when compiled, so types may refer to each other);
 *  3. only io/ touches real time, sockets, files, randomness, the process and the console: everything else
 *     gets them as a World, so that it runs in simulation.
 *
 * Run: node scripts/layers.mjs [root]. Prints every violation as `file:line: what and what to do instead`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Lowest layer first. A new folder needs a place here. */
export const order = [
  'base',
  'io',
  'resp',
  'memory',
  'rdb',
  'store',
  'snapshot',
  'replication',
  'persistence',
  'commands',
  'server',
  'observability',
  'api',
  'cli',
];

/** Modules of Node and packages that any layer may import: they compute and touch nothing. */
const pureModules = new Set(['node:buffer', 'node:crypto', 'node:path', 'node:util', 'node:zlib']);

/** Who may do what the rest may not, and why. `allow` names a module, or an ambient of the list below. */
const exceptions = [
  { under: 'io/', allow: '*', because: 'it is the seam to the outside' },
  { under: 'cli/', allow: 'process', because: 'a program has arguments, an exit code and signals' },
  { under: 'cli/', allow: 'console', because: 'a program prints' },
  { under: 'cli/', allow: 'node:process', because: 'as process' },
  { under: 'cli/', allow: 'node:url', because: 'it finds the programs beside it' },
  { under: 'cli/', allow: 'node:fs', because: 'the tools read and write the files they are told to' },
  { under: 'cli/', allow: 'node:readline', because: 'tables are refreshed in place' },
];

const word = (name) => new RegExp(`(?<![\\w$.#])${name}(?![\\w$])(?!\\s*\\??:)`, 'g');

/** Globals that reach outside. */
const ambients = [
  { name: 'Date', pattern: word('Date'), instead: 'take a Clock' },
  { name: 'Math.random', pattern: /\bMath\s*\.\s*random\b/g, instead: 'take a Random' },
  { name: 'performance', pattern: /(?<![\w$.#])performance\s*\./g, instead: 'take a Clock' },
  {
    name: 'timers',
    pattern: /(?<![\w$.#])(?:set|clear)(?:Timeout|Interval|Immediate)(?![\w$])/g,
    instead: 'use clock.after, clock.every or clock.soon',
  },
  { name: 'process', pattern: /(?<![\w$.#])process\s*\??\s*[.[]/g, instead: 'take what you need from the World' },
  { name: 'console', pattern: /(?<![\w$.#])console\s*[.[]/g, instead: 'take a Log' },
  { name: 'fetch', pattern: /(?<![\w$.#])fetch\s*\(/g, instead: 'take a Network' },
  { name: 'globalThis', pattern: word('globalThis'), instead: 'take what you need from the World' },
  {
    name: 'random bytes',
    pattern:
      /(?<![\w$#])(?:randomBytes|randomUUID|randomInt|randomFill|randomFillSync|getRandomValues|webcrypto)(?![\w$])/g,
    instead: 'take a Random; hashing from node:crypto is fine',
  },
];

/**
 * Checks `<rootDir>/src`; returns one sentence for each violation, in file order; empty when all is well.
 * @param {string} rootDir
 * @returns {string[]}
 */
export function checkLayers(rootDir) {
  const src = resolve(rootDir, 'src');
  const problems = [];
  /** The modules that each module needs when it runs. @type {Map<string, string[]>} */
  const graph = new Map();
  for (const file of sourceFiles(src)) {
    const name = relative(src, file).split(sep).join('/');
    const { code, imports } = scan(readFileSync(file, 'utf8'));
    const edges = [];
    graph.set(name, edges);
    const layer = layerOf(name);
    if (order.indexOf(layer) === -1) {
      problems.push(`src/${name}:1: the folder "${layer}" has no place in the layer order (scripts/layers.mjs)`);
    }
    for (const { specifier, line, onlyTypes } of imports) {
      const where = `src/${name}:${line}:`;
      if (!specifier.startsWith('.')) {
        checkModule(name, where, specifier, problems);
        continue;
      }
      const target = relative(src, resolve(dirname(file), specifier))
        .split(sep)
        .join('/');
      if (target.startsWith('..')) {
        problems.push(`${where} imports ${specifier}, which is outside src`);
        continue;
      }
      if (!onlyTypes) edges.push(target);
      if (order.indexOf(layerOf(target)) > order.indexOf(layer)) {
        problems.push(
          `${where} ${layer}/ must not import from ${layerOf(target)}/, which is a layer below it; ` +
            'move what is shared up, or take it as an argument',
        );
      }
    }
    for (const { name: ambient, pattern, instead } of ambients) {
      if (allowed(name, ambient)) continue;
      for (const match of code.matchAll(pattern)) {
        problems.push(`src/${name}:${lineAt(code, match.index)}: ${ambient} is only for io/; ${instead}`);
      }
    }
  }
  problems.push(...cycles(graph));
  return problems;
}

function checkModule(name, where, specifier, problems) {
  const layer = layerOf(name);
  const isNode = specifier.startsWith('node:');
  if (!isNode || pureModules.has(specifier) || allowed(name, specifier)) return;
  problems.push(
    `${where} ${specifier} is only for io/, not for ${layer}/; take a World, or an interface of io/world.ts`,
  );
}

function allowed(name, what) {
  return exceptions.some(({ under, allow }) => name.startsWith(under) && (allow === '*' || allow === what));
}

function layerOf(name) {
  const slash = name.indexOf('/');
  return slash === -1 ? '.' : name.slice(0, slash);
}

function sourceFiles(directory) {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .toSorted();
}

/** One sentence for each cycle that a depth-first walk closes. */
function cycles(graph) {
  const problems = [];
  const finished = new Set();
  const path = [];
  const visit = (name) => {
    const start = path.indexOf(name);
    if (start !== -1) {
      const ring = [...path.slice(start), name].map((one) => `src/${one}`);
      problems.push(`${ring[0]}:1: import cycle: ${ring.join(' -> ')}; move what they share to a third module`);
      return;
    }
    if (finished.has(name)) return;
    path.push(name);
    for (const target of graph.get(name) ?? []) visit(target);
    path.pop();
    finished.add(name);
  };
  for (const name of graph.keys()) visit(name);
  return problems;
}

/**
 * Finds the imports of a module, and blanks its comments, strings and regular expressions (newlines kept), so that
 * only code is searched for ambients. The `${...}` parts of templates stay code.
 * @param {string} text
 * @returns {{ code: string, imports: { specifier: string, line: number, onlyTypes: boolean }[] }}
 */
function scan(text) {
  let code = '';
  const imports = [];
  /** Depths of `{` at which a template literal continues. */
  const templates = [];
  let depth = 0;
  let at = 0;
  const blank = (end) => {
    code += text.slice(at, end).replace(/[^\n]/g, ' ');
    at = end;
  };
  const template = () => {
    let end = at;
    for (; end < text.length; end++) {
      if (text[end] === '\\') end++;
      else if (text[end] === '`') return blank(end + 1);
      else if (text[end] === '$' && text[end + 1] === '{') {
        blank(end + 2);
        templates.push(depth++);
        return;
      }
    }
    blank(end);
  };
  while (at < text.length) {
    const character = text[at];
    const next = text[at + 1];
    if (character === '/' && next === '/') {
      const end = text.indexOf('\n', at);
      blank(end === -1 ? text.length : end);
    } else if (character === '/' && next === '*') {
      const end = text.indexOf('*/', at + 2);
      blank(end === -1 ? text.length : end + 2);
    } else if (character === "'" || character === '"') {
      const end = stringEnd(text, at);
      if (/(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*$/.test(code.slice(-40))) {
        const onlyTypes = /\b(?:import|export)\s+type\s+(?:\{[^}]*\}|\*\s+as\s+\w+|\w+)\s+from\s*$/.test(code);
        imports.push({ specifier: text.slice(at + 1, end - 1), line: lineAt(text, at), onlyTypes });
      }
      blank(end);
    } else if (character === '`') {
      code += ' ';
      at++;
      template();
    } else if (character === '/' && regexMayStart(code)) {
      blank(regexEnd(text, at));
    } else if (character === '}' && templates.at(-1) === depth - 1) {
      templates.pop();
      depth--;
      code += ' ';
      at++;
      template();
    } else {
      if (character === '{') depth++;
      if (character === '}') depth--;
      code += character;
      at++;
    }
  }
  return { code, imports };
}

function stringEnd(text, start) {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === text[start] || text[at] === '\n') return at + 1;
  }
  return text.length;
}

/** A slash divides after a value, and starts a regular expression otherwise. */
function regexMayStart(code) {
  const before = code.trimEnd().slice(-12);
  return before === '' || /[(,=:[!&|?{};+\-*%<>~^]$/.test(before) || /\b(?:return|typeof|case|in|of)$/.test(before);
}

function regexEnd(text, start) {
  let inClass = false;
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '\n') return at;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    else if (text[at] === '/' && !inClass) return at + 1;
  }
  return text.length;
}

function lineAt(text, index) {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = checkLayers(process.argv[2] ?? '.');
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) {
    console.error(`${problems.length} violation(s) of the layers; the rules are explained in scripts/layers.mjs`);
    process.exitCode = 1;
  }
}
