/** How COMMAND INFO and COMMAND DOCS show a row: the shapes that client libraries and redis-cli expect. */
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { categoriesOf, legacyRange } from './command-facts.ts';
import type { Argument } from './docs/docs.ts';
import { commandDocs } from './docs/index.ts';
import type { KeySpec } from './row.ts';
import type { Command } from './table.ts';

/** One element of COMMAND and COMMAND INFO. */
export function writeInfo(reply: ReplyWriter, command: Command): void {
  const { row } = command;
  const range = legacyRange(row);
  reply.array(10);
  reply.bulkText(row.name);
  reply.integer(row.arity);
  const flags: Set<string> = new Set(row.flags);
  // Redis acts on it without showing it.
  flags.delete('may_replicate');
  if (range.movable) flags.add('movablekeys');
  writeWords(reply, flags);
  reply.integer(range.first);
  reply.integer(range.last);
  reply.integer(range.step);
  writeWords(reply, new Set(categoriesOf(row)));
  const tips = row.tips ?? [];
  reply.set(tips.length);
  for (const tip of tips) reply.bulkText(tip);
  const keys = row.keys ?? [];
  reply.set(keys.length);
  for (const spec of keys) writeKeySpec(reply, spec);
  const subcommands = [...(command.subcommands?.values() ?? [])];
  if (subcommands.length === 0) reply.set(0);
  else {
    reply.array(subcommands.length);
    for (const sub of subcommands) writeInfo(reply, sub);
  }
}

/** A set of simple strings. */
export function writeWords(reply: ReplyWriter, words: ReadonlySet<string>): void {
  reply.set(words.size);
  for (const word of words) reply.simple(word);
}

function writeKeySpec(reply: ReplyWriter, spec: KeySpec): void {
  const { begin, find } = spec;
  reply.map(spec.notes === undefined ? 3 : 4);
  if (spec.notes !== undefined) {
    reply.bulkText('notes');
    reply.bulkText(spec.notes);
  }
  reply.bulkText('flags');
  writeWords(reply, new Set(spec.flags));
  reply.bulkText('begin_search');
  if (begin === 'unknown') writeSearch(reply, 'unknown', []);
  else if ('index' in begin) writeSearch(reply, 'index', [['index', begin.index]]);
  else
    writeSearch(reply, 'keyword', [
      ['keyword', begin.keyword],
      ['startfrom', begin.startFrom],
    ]);
  reply.bulkText('find_keys');
  if (find === 'unknown') writeSearch(reply, 'unknown', []);
  else if ('last' in find)
    writeSearch(reply, 'range', [
      ['lastkey', find.last],
      ['keystep', find.step],
      ['limit', find.limit],
    ]);
  else
    writeSearch(reply, 'keynum', [
      ['keynumidx', find.keynumIndex],
      ['firstkey', find.firstKey],
      ['keystep', find.step],
    ]);
}

function writeSearch(reply: ReplyWriter, type: string, spec: readonly (readonly [string, string | number])[]): void {
  reply.map(2);
  reply.bulkText('type');
  reply.bulkText(type);
  reply.bulkText('spec');
  reply.map(spec.length);
  for (const [name, value] of spec) {
    reply.bulkText(name);
    if (typeof value === 'string') reply.bulkText(value);
    else reply.integer(value);
  }
}

/** Name and map of one command, as COMMAND DOCS lists them. */
export function writeDocs(reply: ReplyWriter, command: Command): void {
  const { row } = command;
  reply.bulkText(row.name);
  const subcommands = [...(command.subcommands?.values() ?? [])];
  const texts: (readonly [string, string])[] = [
    ['summary', row.summary],
    ['since', row.since],
    ['group', row.group],
    ['complexity', row.complexity],
  ];
  const { history = [], arguments: args = [], system = false } = commandDocs[row.name] ?? {};
  const parts = [history, args, subcommands].filter((list) => list.length > 0).length;
  const flags = new Set([...(row.deprecated === undefined ? [] : ['deprecated']), ...(system ? ['syscmd'] : [])]);
  reply.map(texts.length + (flags.size === 0 ? 0 : 1) + (row.deprecated === undefined ? 0 : 2) + parts);
  for (const [name, text] of texts) {
    reply.bulkText(name);
    reply.bulkText(text);
  }
  if (flags.size > 0) {
    reply.bulkText('doc_flags');
    writeWords(reply, flags);
  }
  if (row.deprecated !== undefined) {
    reply.bulkText('deprecated_since');
    reply.bulkText(row.deprecated.since);
    reply.bulkText('replaced_by');
    reply.bulkText(row.deprecated.replacedBy);
  }
  if (history.length > 0) {
    reply.bulkText('history');
    reply.set(history.length);
    for (const [since, change] of history) {
      reply.array(2);
      reply.bulkText(since);
      reply.bulkText(change);
    }
  }
  if (args.length > 0) {
    reply.bulkText('arguments');
    writeArguments(reply, args);
  }
  if (subcommands.length > 0) {
    reply.bulkText('subcommands');
    reply.map(subcommands.length);
    for (const sub of subcommands) writeDocs(reply, sub);
  }
}

function writeArguments(reply: ReplyWriter, args: readonly Argument[]): void {
  reply.array(args.length);
  for (const argument of args) {
    const { flags = [], arguments: inner = [] } = argument;
    const fields: (readonly [string, string | number | undefined])[] = [
      ['name', argument.name],
      ['type', argument.type],
      ['key_spec_index', argument.keySpec],
      ['token', argument.token],
      ['since', argument.since],
      ['deprecated_since', argument.deprecatedSince],
    ];
    const present = fields.filter(([, value]) => value !== undefined);
    reply.map(present.length + (flags.length === 0 ? 0 : 1) + (inner.length === 0 ? 0 : 1));
    for (const [name, value] of present) {
      reply.bulkText(name);
      if (typeof value === 'number') reply.integer(value);
      else reply.bulkText(value!);
    }
    if (flags.length > 0) {
      reply.bulkText('flags');
      writeWords(reply, new Set(flags));
    }
    if (inner.length === 0) continue;
    reply.bulkText('arguments');
    writeArguments(reply, inner);
  }
}
