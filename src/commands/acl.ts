/** ACL: users and what they may do. The model stands in server/acl; here are arguments and replies. */
import { replyError, subcommandSyntax, wrongArity } from '../base/errors.ts';
import { Args } from '../resp/args.ts';
import { DEFAULT_USER } from './authentication.ts';
import type { Call } from './call.ts';
import { categories } from './command-facts.ts';
import { helpRow } from './help.ts';
import type { CommandFlag, CommandRow } from './row.ts';
import { secretFrom } from './secrets.ts';
import type { AclLogEntry, UserDescription } from './services.ts';

/** Bits of ACL GENPASS. */
const DEFAULT_BITS = 256;
const MOST_BITS = 4096;
/** Entries of ACL LOG unless the client asks for more. */
const DEFAULT_ENTRIES = 10;

const badBits = replyError(
  `ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to ${MOST_BITS}`,
);
const defaultStays = replyError("ERR The 'default' user cannot be removed");

function setUser(call: Call): void {
  const rules: string[] = [];
  for (let i = 3; i < call.count; i++) rules.push(call.text(i));
  const problem = call.services.acl.setUser(call.text(2), rules);
  if (problem !== undefined) throw replyError(`ERR ${problem}`);
  call.reply.ok();
}

function deleteUser(call: Call): void {
  const names: string[] = [];
  for (let i = 2; i < call.count; i++) names.push(call.text(i));
  if (names.includes(DEFAULT_USER)) throw defaultStays;
  let deleted = 0;
  for (const name of names) if (call.services.acl.deleteUser(name)) deleted++;
  call.reply.integer(deleted);
}

function getUser(call: Call): void {
  const { reply } = call;
  const user = call.services.acl.describe(call.text(2));
  if (user === undefined) {
    reply.null();
    return;
  }
  const [root, ...more] = user.selectors;
  reply.map(6);
  reply.bulkText('flags');
  reply.set(user.flags.length);
  for (const flag of user.flags) reply.bulkText(flag);
  reply.bulkText('passwords');
  writeTexts(call, user.passwords);
  writeSelector(call, root!);
  reply.bulkText('selectors');
  reply.array(more.length);
  for (const selector of more) {
    reply.map(3);
    writeSelector(call, selector);
  }
}

function writeSelector(call: Call, selector: UserDescription['selectors'][number]): void {
  for (const field of ['commands', 'keys', 'channels'] as const) {
    call.reply.bulkText(field);
    call.reply.bulkText(selector[field]);
  }
}

function writeTexts(call: Call, texts: readonly string[]): void {
  call.reply.array(texts.length);
  for (const text of texts) call.reply.bulkText(text);
}

function list(call: Call): void {
  writeTexts(call, call.services.acl.lines);
}

function users(call: Call): void {
  writeTexts(call, call.services.acl.names);
}

function whoAmI(call: Call): void {
  call.reply.bulkText(call.session.user.name);
}

/** ACL CAT [category] */
function cat(call: Call): void {
  atMost(call, 3);
  if (call.count === 2) {
    writeTexts(call, categories);
    return;
  }
  const commands = call.services.acl.commandsOf(call.text(2));
  if (commands === undefined) throw replyError(`ERR Unknown category '${call.text(2).slice(0, 128)}'`);
  writeTexts(call, commands);
}

/** ACL GENPASS [bits]: as many hexadecimal digits as the bits need. */
function generatePassword(call: Call): void {
  atMost(call, 3);
  const bits = call.count === 3 ? call.integer(2) : DEFAULT_BITS;
  if (bits <= 0 || bits > MOST_BITS) throw badBits;
  const bytes = new Uint8Array(MOST_BITS / 8);
  call.services.random.fill(bytes);
  call.reply.bulkText(
    Buffer.from(bytes)
      .toString('hex')
      .slice(0, Math.floor((bits + 3) / 4)),
  );
}

/** ACL LOG [count | RESET] */
function log(call: Call): void {
  atMost(call, 3);
  const { acl } = call.services;
  if (call.is(2, 'reset')) {
    acl.clearLog();
    call.reply.ok();
    return;
  }
  const count = call.count === 3 ? call.integer(2) : DEFAULT_ENTRIES;
  const entries = acl.logEntries.slice(0, Math.max(0, count));
  call.reply.array(entries.length);
  for (const entry of entries) writeLogEntry(call, entry);
}

/** The fields of 7.0, then those that 7.2 added. */
function writeLogEntry(call: Call, entry: AclLogEntry): void {
  const { reply } = call;
  reply.map(10);
  reply.bulkText('count');
  reply.integer(entry.count);
  for (const [name, value] of [
    ['reason', entry.reason],
    ['context', entry.context],
    ['object', entry.object],
    ['username', entry.user],
  ] as const) {
    reply.bulkText(name);
    reply.bulkText(value);
  }
  reply.bulkText('age-seconds');
  reply.double(String((call.now - entry.updatedAt) / 1000));
  reply.bulkText('client-info');
  reply.bulkText(entry.client);
  for (const [name, value] of [
    ['entry-id', entry.id],
    ['timestamp-created', entry.createdAt],
    ['timestamp-last-updated', entry.updatedAt],
  ] as const) {
    reply.bulkText(name);
    reply.integer(value);
  }
}

/** ACL DRYRUN user command [argument ...] */
function dryRun(call: Call): void {
  const { acl, commands } = call.services;
  const user = call.text(2);
  if (!acl.has(user)) throw replyError(`ERR User '${user}' not found`);
  const args = new Args();
  args.bytes = call.args.bytes;
  for (let i = 3; i < call.count; i++) args.add(call.args.at[i]!, call.args.length[i]!);
  let command = commands.find(args);
  if (command?.subcommands !== undefined && args.count > 1)
    command = command.subcommands.get(args.text(1).toLowerCase());
  if (command === undefined) throw replyError(`ERR Command '${call.text(3)}' not found`);
  if (!command.acceptsCount(args.count)) throw wrongArity(command.name);
  const refusal = acl.dryRun(user, command, args);
  if (refusal === undefined) call.reply.ok();
  else call.reply.bulkText(refusal);
}

function load(call: Call): void {
  const problem = call.services.acl.load();
  if (problem !== undefined) throw replyError(`ERR ${problem}`);
  call.reply.ok();
}

function save(call: Call): void {
  const problem = call.services.acl.save();
  if (problem !== undefined) throw replyError(`ERR ${problem}`);
  call.reply.ok();
}

function atMost(call: Call, count: number): void {
  if (call.count > count) throw subcommandSyntax('acl', call.text(1));
}

const facts = { categories: [], group: 'server' } as const;
const always: readonly CommandFlag[] = ['noscript', 'loading', 'stale'];
const operator: readonly CommandFlag[] = ['admin', ...always];

export const aclCommands: readonly CommandRow[] = [
  {
    name: 'acl',
    arity: -2,
    flags: [],
    ...facts,
    since: '6.0.0',
    complexity: 'That of the subcommand',
    summary: 'About users and what they may do.',
    subcommands: [
      {
        name: 'acl|cat',
        arity: -2,
        flags: always,
        ...facts,
        since: '6.0.0',
        complexity: 'O(1): categories and commands are few',
        summary: 'Lists the categories, or the commands of one.',
        handler: cat,
      },
      {
        name: 'acl|deluser',
        arity: -3,
        flags: operator,
        ...facts,
        since: '6.0.0',
        complexity: 'O(N) with N connections',
        summary: 'Deletes users and closes their connections.',
        handler: deleteUser,
      },
      {
        name: 'acl|dryrun',
        arity: -4,
        flags: operator,
        ...facts,
        since: '7.0.0',
        complexity: 'O(1)',
        summary: 'Tells whether a user may run a command, without running it.',
        handler: dryRun,
      },
      {
        name: 'acl|genpass',
        arity: -2,
        flags: always,
        ...facts,
        since: '6.0.0',
        complexity: 'O(1)',
        summary: 'Makes a password of random hexadecimal digits.',
        handler: generatePassword,
      },
      {
        name: 'acl|getuser',
        arity: 3,
        flags: operator,
        ...facts,
        since: '6.0.0',
        complexity: 'O(N) with N passwords, commands and patterns of the user',
        summary: 'Returns the rules of a user.',
        handler: getUser,
      },
      helpRow('acl', { ...facts, since: '6.0.0' }),
      {
        name: 'acl|list',
        arity: 2,
        flags: operator,
        ...facts,
        since: '6.0.0',
        complexity: 'O(N) with N users',
        summary: 'Lists all users with their rules, as in a configuration file.',
        handler: list,
      },
      {
        name: 'acl|load',
        arity: 2,
        flags: operator,
        ...facts,
        since: '6.0.0',
        complexity: 'O(N) with N users',
        summary: 'Replaces all users by those of the ACL file.',
        handler: load,
      },
      {
        name: 'acl|log',
        arity: -2,
        flags: operator,
        ...facts,
        since: '6.0.0',
        complexity: 'O(N) with N entries shown',
        summary: 'Lists the newest refusals, or forgets them.',
        handler: log,
      },
      {
        name: 'acl|save',
        arity: 2,
        flags: operator,
        ...facts,
        since: '6.0.0',
        complexity: 'O(N) with N users',
        summary: 'Writes all users into the ACL file.',
        handler: save,
      },
      {
        name: 'acl|setuser',
        arity: -3,
        flags: operator,
        ...facts,
        since: '6.0.0',
        complexity: 'O(N) with N rules',
        summary: 'Changes the rules of a user, or makes a new one.',
        secrets: secretFrom(2),
        handler: setUser,
      },
      {
        name: 'acl|users',
        arity: 2,
        flags: operator,
        ...facts,
        since: '6.0.0',
        complexity: 'O(N) with N users',
        summary: 'Lists the names of all users.',
        handler: users,
      },
      {
        name: 'acl|whoami',
        arity: 2,
        flags: always,
        ...facts,
        since: '6.0.0',
        complexity: 'O(1)',
        summary: 'Returns the user of this connection.',
        handler: whoAmI,
      },
    ],
  },
];
