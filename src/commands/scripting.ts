/**
 * Scripts and function libraries, without an engine: nothing is run. What can be answered truly is; libraries that a master,
 * a file or FUNCTION RESTORE brings are kept, listed, saved and passed on, so that a replica of ours, or the next master, has
 * them. What functions a library registers is known where its source says so plainly (store/lua-registrations.ts).
 */
import { replyError, type ReplyError, subcommandSyntax } from '../base/errors.ts';
import { globMatch } from '../base/glob.ts';
import { checkPayload } from '../rdb/payload.ts';
import {
  dumpLibraries,
  type FunctionLibrary,
  joinLibraries,
  LibraryError,
  nameOf,
  parseLibrary,
  readLibraries,
} from '../store/function-libraries.ts';
import { type RegisteredFunction, registeredFunctions } from '../store/lua-registrations.ts';
import type { Call } from './call.ts';
import { helpRow } from './help.ts';
import { type CommandRow, type KeySpec } from './row.ts';

const unsupported: ReplyError = replyError('ERR Scripts and functions are not supported by this server yet');
const notBusy: ReplyError = replyError('NOTBUSY No scripts in execution right now.');
const noLibrary: ReplyError = replyError('ERR Library not found');
const noLibraryName: ReplyError = replyError('ERR library name argument was not given');
const badPolicy: ReplyError = replyError(
  'ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.',
);
const badPayload: ReplyError = replyError('ERR DUMP payload version or checksum are wrong');
const badFlushMode: ReplyError = replyError('ERR FUNCTION FLUSH only supports SYNC|ASYNC option');
const badScriptFlushMode: ReplyError = replyError('ERR SCRIPT FLUSH only support SYNC|ASYNC option');
const badDebugMode: ReplyError = replyError('ERR Use SCRIPT DEBUG YES/SYNC/NO');

function refuse(): void {
  throw unsupported;
}

function kill(): void {
  throw notBusy;
}

/** Runs what may find that a source text is no library. */
function checked<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LibraryError) throw replyError(`ERR ${error.message}`);
    throw error;
  }
}

// -- libraries ------------------------------------------------------------------------------------------------------

/** Only a master, or an append only file, may bring a library: somebody has compiled it. */
function functionLoad(call: Call): void {
  const { args, store } = call;
  if (!store.space.fromMaster) throw unsupported;
  const last = args.count - 1;
  const replace = last > 2;
  for (let i = 2; i < last; i++)
    if (!args.is(i, 'replace')) throw replyError(`ERR Unknown option given: ${call.text(i)}`);
  const source = args.copy(last);
  const { name } = checked(() => parseLibrary(source));
  if (!replace && store.functions.some((held) => nameOf(held) === name))
    throw replyError(`ERR Library '${name}' already exists`);
  store.functions = checked(() => joinLibraries(store.functions, [source], true));
  call.dirty++;
  call.reply.bulkText(name);
}

function functionDelete(call: Call): void {
  const { store } = call;
  const name = call.text(2);
  const left = store.functions.filter((source) => nameOf(source) !== name);
  if (left.length === store.functions.length) throw noLibrary;
  store.functions = left;
  call.dirty++;
  call.reply.ok();
}

function functionFlush(call: Call): void {
  if (call.count > 3) throw subcommandSyntax('function', call.text(1));
  if (call.count === 3 && !call.is(2, 'sync') && !call.is(2, 'async')) throw badFlushMode;
  call.store.functions = [];
  call.dirty++;
  call.reply.ok();
}

function functionDump(call: Call): void {
  call.reply.bulkBytes(dumpLibraries(call.store.functions));
}

function functionRestore(call: Call): void {
  const { args, store } = call;
  if (args.count > 4) throw subcommandSyntax('function', call.text(1));
  const flush = call.is(3, 'flush');
  const replace = call.is(3, 'replace');
  if (args.count === 4 && !flush && !replace && !call.is(3, 'append')) throw badPolicy;
  if (checkPayload(args.bytes, args.at[2]!, args.length[2]!, true) !== 'ok') throw badPayload;
  const payload = args.copy(2);
  const joined = checked(() => joinLibraries(flush ? [] : store.functions, readLibraries(payload), replace));
  // What a master has done was right there.
  if (!store.space.fromMaster) refuseDuplicates(call, joined);
  store.functions = joined;
  call.dirty++;
  call.reply.ok();
}

/** No two libraries may register the same function, as far as that is known. */
function refuseDuplicates(call: Call, sources: readonly Uint8Array[]): void {
  const names = new Set<string>();
  for (const source of sources)
    for (const { name } of functionsOf(call, source)) {
      if (names.has(name)) throw replyError(`ERR Function ${name} already exists`);
      names.add(name);
    }
}

function functionList(call: Call): void {
  const { args, reply } = call;
  let withCode = false;
  let pattern = -1;
  for (let i = 2; i < args.count; i++) {
    if (!withCode && args.is(i, 'withcode')) withCode = true;
    else if (pattern < 0 && args.is(i, 'libraryname')) {
      if (i + 1 >= args.count) throw noLibraryName;
      pattern = ++i;
    } else throw replyError(`ERR Unknown argument ${call.text(i)}`);
  }
  const shown = libraries(call).filter(({ name }) => {
    if (pattern < 0) return true;
    const { at, length } = args;
    return globMatch(args.bytes, at[pattern]!, length[pattern]!, Buffer.from(name), 0, name.length, true);
  });
  reply.array(shown.length);
  for (const { name, engine, source } of shown) {
    reply.map(withCode ? 4 : 3);
    reply.bulkText('library_name');
    reply.bulkText(name);
    reply.bulkText('engine');
    reply.bulkText(engine);
    reply.bulkText('functions');
    listFunctions(call, source);
    if (!withCode) continue;
    reply.bulkText('library_code');
    reply.bulk(source, 0, source.length);
  }
}

function listFunctions(call: Call, source: Uint8Array): void {
  const { reply } = call;
  const functions = functionsOf(call, source);
  reply.array(functions.length);
  for (const { name, description, flags } of functions) {
    reply.map(3);
    reply.bulkText('name');
    reply.bulkText(name);
    reply.bulkText('description');
    if (description === undefined) reply.null();
    else reply.bulkText(description);
    reply.bulkText('flags');
    reply.set(flags.length);
    for (const flag of flags) reply.simple(flag);
  }
}

function functionsOf({ store }: Call, source: Uint8Array): readonly RegisteredFunction[] {
  const { registered } = store;
  const known = registered.get(source);
  if (known !== undefined) return known;
  const functions = registeredFunctions(source);
  registered.set(source, functions);
  return functions;
}

function functionStats(call: Call): void {
  const { reply } = call;
  const held = libraries(call);
  reply.map(2);
  reply.bulkText('running_script');
  reply.null();
  reply.bulkText('engines');
  reply.map(1);
  reply.bulkText('LUA');
  reply.map(2);
  reply.bulkText('libraries_count');
  reply.integer(held.length);
  reply.bulkText('functions_count');
  reply.integer(held.reduce((sum, { source }) => sum + functionsOf(call, source).length, 0));
}

/** Those that are libraries: a file is taken as it is. */
function libraries(call: Call): readonly FunctionLibrary[] {
  return call.store.functions.flatMap((source) => {
    try {
      return [parseLibrary(source)];
    } catch (error) {
      if (error instanceof LibraryError) return [];
      throw error;
    }
  });
}

// -- scripts --------------------------------------------------------------------------------------------------------

/** No script was ever loaded. */
function scriptExists(call: Call): void {
  call.reply.array(call.count - 2);
  for (let i = 2; i < call.count; i++) call.reply.integer(0);
}

function scriptFlush(call: Call): void {
  if (call.count > 3 || (call.count === 3 && !call.is(2, 'sync') && !call.is(2, 'async'))) throw badScriptFlushMode;
  call.reply.ok();
}

function scriptDebug(call: Call): void {
  if (call.is(2, 'yes') || call.is(2, 'sync')) throw unsupported;
  if (!call.is(2, 'no')) throw badDebugMode;
  call.reply.ok();
}

// -- rows -----------------------------------------------------------------------------------------------------------

const common = { group: 'scripting', categories: ['scripting'] } as const;
const library = { ...common, since: '7.0.0' } as const;
const script = { ...common, since: '2.6.0' } as const;
const everywhere = ['request_policy:all_shards', 'response_policy:all_succeeded'] as const;

function keys(effect: 'RO' | 'RW', notes: boolean): readonly KeySpec[] {
  const use = effect === 'RO' ? 'RO and ACCESS' : 'RW and UPDATE';
  return [
    {
      flags: effect === 'RO' ? ['RO', 'access'] : ['RW', 'access', 'update'],
      begin: { index: 2 },
      find: { keynumIndex: 0, firstKey: 1, step: 1 },
      ...(notes ? { notes: `We cannot tell how the keys will be used so we assume the worst, ${use}` } : {}),
    },
  ];
}

function runner(name: string, since: string, summary: string): CommandRow {
  const readonly = name.endsWith('_ro');
  return {
    ...common,
    name,
    arity: -3,
    flags: [
      ...(readonly ? (['readonly'] as const) : (['may_replicate'] as const)),
      'noscript',
      'stale',
      'skip_monitor',
      'no_mandatory_keys',
      'movablekeys',
    ],
    keys: keys(readonly ? 'RO' : 'RW', !name.startsWith('evalsha')),
    since,
    complexity: 'That of the script or function.',
    summary,
    handler: refuse,
  };
}

export const scriptingCommands: readonly CommandRow[] = [
  runner('eval', '2.6.0', 'Runs a script; not supported yet.'),
  runner('eval_ro', '7.0.0', 'Runs a script that only reads; not supported yet.'),
  runner('evalsha', '2.6.0', 'Runs a loaded script; not supported yet.'),
  runner('evalsha_ro', '7.0.0', 'Runs a loaded script that only reads; not supported yet.'),
  runner('fcall', '7.0.0', 'Calls a function; not supported yet.'),
  runner('fcall_ro', '7.0.0', 'Calls a function that only reads; not supported yet.'),
  {
    name: 'function',
    arity: -2,
    flags: [],
    categories: [],
    group: 'scripting',
    since: '7.0.0',
    complexity: 'Depends on the subcommand.',
    summary: 'A container for function libraries.',
    subcommands: [
      {
        ...library,
        name: 'function|delete',
        arity: 3,
        flags: ['write', 'noscript'],
        tips: everywhere,
        complexity: 'O(N) with N libraries',
        summary: 'Deletes a library.',
        handler: functionDelete,
      },
      {
        ...library,
        name: 'function|dump',
        arity: 2,
        flags: ['noscript'],
        complexity: 'O(N) in the size of the libraries',
        summary: 'Returns all libraries as bytes that FUNCTION RESTORE takes.',
        handler: functionDump,
      },
      {
        ...library,
        name: 'function|flush',
        arity: -2,
        flags: ['write', 'noscript'],
        tips: everywhere,
        complexity: 'O(N) with N libraries',
        summary: 'Deletes all libraries.',
        handler: functionFlush,
      },
      helpRow('function', library),
      {
        ...library,
        name: 'function|kill',
        arity: 2,
        flags: ['noscript', 'allow_busy'],
        tips: ['request_policy:all_shards', 'response_policy:one_succeeded'],
        complexity: 'O(1)',
        summary: 'Ends the function that runs; none ever does.',
        handler: kill,
      },
      {
        ...library,
        name: 'function|list',
        arity: -2,
        flags: ['noscript'],
        tips: ['nondeterministic_output_order'],
        complexity: 'O(N) with N libraries',
        summary: 'Lists the libraries that are kept.',
        handler: functionList,
      },
      {
        ...library,
        name: 'function|load',
        arity: -3,
        flags: ['write', 'denyoom', 'noscript'],
        tips: everywhere,
        complexity: 'O(N) with N libraries',
        summary: 'Keeps a library that a master sends; not supported for clients yet.',
        handler: functionLoad,
      },
      {
        ...library,
        name: 'function|restore',
        arity: -3,
        flags: ['write', 'denyoom', 'noscript'],
        tips: everywhere,
        complexity: 'O(N) in the size of the libraries',
        summary: 'Keeps the libraries of a FUNCTION DUMP.',
        handler: functionRestore,
      },
      {
        ...library,
        name: 'function|stats',
        arity: 2,
        flags: ['noscript', 'allow_busy'],
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        complexity: 'O(1)',
        summary: 'Counts the libraries.',
        handler: functionStats,
      },
    ],
  },
  {
    name: 'script',
    arity: -2,
    flags: [],
    categories: [],
    group: 'scripting',
    since: '2.6.0',
    complexity: 'Depends on the subcommand.',
    summary: 'A container for scripts.',
    subcommands: [
      {
        ...script,
        name: 'script|debug',
        since: '3.2.0',
        arity: 3,
        flags: ['noscript'],
        complexity: 'O(1)',
        summary: 'Turns the debugger off; on is not supported.',
        handler: scriptDebug,
      },
      {
        ...script,
        name: 'script|exists',
        arity: -3,
        flags: ['noscript'],
        tips: ['request_policy:all_shards', 'response_policy:agg_logical_and'],
        complexity: 'O(N) with N scripts named',
        summary: 'Tells which scripts are loaded: none.',
        handler: scriptExists,
      },
      {
        ...script,
        name: 'script|flush',
        arity: -2,
        flags: ['noscript'],
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        complexity: 'O(1)',
        summary: 'Forgets all scripts.',
        handler: scriptFlush,
      },
      helpRow('script', { ...script, since: '5.0.0' }),
      {
        ...script,
        name: 'script|kill',
        arity: 2,
        flags: ['noscript', 'allow_busy'],
        tips: ['request_policy:all_shards', 'response_policy:one_succeeded'],
        complexity: 'O(1)',
        summary: 'Ends the script that runs; none ever does.',
        handler: kill,
      },
      {
        ...script,
        name: 'script|load',
        arity: 3,
        flags: ['noscript', 'stale'],
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        complexity: 'O(1)',
        summary: 'Loads a script; not supported yet.',
        handler: refuse,
      },
    ],
  },
];
