/**
 * DEBUG: what tests and comparisons need. Refused unless enable-debug-command allows it. Each subcommand is a line in the
 * table at the end; some that Redis's own tests call do nothing here, and those that would end the process are refused.
 */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import { globMatch } from '../base/glob.ts';
import type { Call } from './call.ts';
import {
  debugLengths,
  debugListpack,
  debugObject,
  debugQuicklist,
  hashTableStats,
  valueTableStats,
} from './debug-inspect.ts';
import { debugProtocol } from './debug-protocol.ts';
import type { CommandRow } from './row.ts';

const badThreshold = replyError('ERR argument must be a memory value bigger than 1 and smaller than 4gb');
const badReload = replyError('ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.');
const noClientEviction = replyError('ERR maxmemory-clients is disabled.');
const noWaiting = replyError('ERR DEBUG LOADAOF is not possible inside a transaction');

/** Largest threshold of a plain quicklist node: 4 GiB. */
const MAX_PACKED_THRESHOLD = 2 ** 32;

function debug(call: Call): void {
  const sub = subcommands[call.text(1).toLowerCase()];
  const count = call.count - 2;
  if (sub === undefined || count < sub.min || count > sub.max)
    throw replyError(
      `ERR unknown subcommand or wrong number of arguments for '${call.text(1).slice(0, 128)}'. Try DEBUG HELP.`,
    );
  sub.run(call);
}

function digest(call: Call): void {
  call.reply.simple(call.services.persistence.digest());
}

function digestValue(call: Call): void {
  const { args, db, reply, services } = call;
  reply.array(call.count - 2);
  for (let i = 2; i < call.count; i++)
    reply.simple(services.persistence.digestValue(db.index, args.bytes, args.at[i]!, args.length[i]!));
}

/** POPULATE count [prefix] [size]: strings "value:N", cut or filled with zero bytes to `size`. Existing keys stay. */
function populate(call: Call): void {
  const count = call.integer(2, errors.mustBePositive);
  const prefix = call.count > 3 ? call.text(3) : 'key';
  const size = call.count > 4 ? call.integer(4, errors.mustBePositive) : 0;
  if (count < 0 || size < 0) throw errors.mustBePositive;
  if (size > call.services.settings.protoMaxBulkLen) throw errors.stringTooLong;
  const { db } = call;
  const key = Buffer.alloc(prefix.length + 24);
  const value = Buffer.alloc(Math.max(size, 32));
  const start = key.write(`${prefix}:`, 0, 'latin1');
  for (let i = 0; i < count; i++) {
    const keyLength = start + key.write(String(i), start, 'latin1');
    if (db.write(key, 0, keyLength) !== 0) continue;
    const written = value.write(`value:${i}`, 0, 'latin1');
    db.setString(key, 0, keyLength, value, 0, size === 0 ? written : size, -1);
    const { keyEvents } = call.services;
    if (keyEvents.watching) keyEvents.keyModified(db.index, key, 0, keyLength);
  }
  call.reply.ok();
}

function sleep(call: Call): void {
  const seconds = Number.parseFloat(call.text(2));
  if (seconds > 0) call.services.sleep(seconds * 1000);
  call.reply.ok();
}

function reload(call: Call): void {
  let noSave = false;
  let noFlush = false;
  let merge = false;
  for (let i = 2; i < call.count; i++) {
    if (call.is(i, 'nosave')) noSave = true;
    else if (call.is(i, 'noflush')) noFlush = true;
    else if (call.is(i, 'merge')) merge = true;
    else throw badReload;
  }
  const { keyEvents, persistence, tracking } = call.services;
  if (!noFlush) for (const db of call.store.space.databases) keyEvents.databaseChanged(db.index);
  const error = persistence.reload({ noSave, noFlush, merge });
  if (error !== undefined) throw replyError(error);
  if (!noFlush) tracking.flushed();
  call.reply.ok();
}

function loadAof(call: Call): void {
  const { services, session, store } = call;
  if (!call.mayBlock) throw noWaiting;
  for (const db of store.space.databases) services.keyEvents.databaseChanged(db.index);
  const finish = session.block();
  void services.persistence.loadAppendOnly().then((error) =>
    finish((reply) => {
      if (error === undefined) reply.ok();
      else reply.error(replyError(error));
    }),
  );
}

function setActiveExpire(call: Call): void {
  call.store.space.activeExpire = Number.parseInt(call.text(2), 10) > 0;
  call.reply.ok();
}

/** PAUSE-CRON 0|1. */
function pauseCron(call: Call): void {
  call.services.pauseCron(call.integer(2) !== 0);
  call.reply.ok();
}

/** There is no jemalloc to ask. */
function mallctl(call: Call): void {
  throw replyError(`ERR DEBUG ${call.text(1).toUpperCase()} is refused: memory comes from an arena, not from jemalloc`);
}

/** STRINGMATCH-LEN pattern text: whether the glob matches. */
function stringMatch(call: Call): void {
  const { bytes, at, length } = call.args;
  call.reply.integer(globMatch(bytes, at[2]!, length[2]!, bytes, at[3]!, length[3]!, false) ? 1 : 0);
}

function changeReplId(call: Call): void {
  const { log, replication } = call.services;
  log.notice('Changing replication IDs after receiving change-repl-id');
  replication.history.changeReplid();
  replication.history.clearReplid2();
  call.reply.ok();
}

/** REPLICATE word ...: sends the words to replicas as they are, without running them here. */
function replicate(call: Call): void {
  const { args } = call;
  const effect = call.propagation.begin(-1, call.count - 2);
  for (let i = 2; i < call.count; i++) effect.bytes(args.bytes, args.at[i]!, args.length[i]!);
  call.reply.ok();
}

function quicklistThreshold(call: Call): void {
  const match = /^(\d+)(b|kb?|mb?|gb?)?$/i.exec(call.text(2));
  if (match === null) throw badThreshold;
  const unit = (match[2] ?? 'b').toLowerCase();
  const base = unit.endsWith('b') && unit !== 'b' ? 1024 : 1000;
  const bytes = Number(match[1]) * base ** 'bkmg'.indexOf(unit[0]!);
  if (bytes > MAX_PACKED_THRESHOLD) throw badThreshold;
  call.reply.ok();
}

function replyBuffer(call: Call): void {
  if (!call.is(2, 'peak-reset-time') && !call.is(2, 'resizing'))
    throw replyError(`ERR unknown subcommand or wrong number of arguments for '${call.text(1)}'. Try DEBUG HELP.`);
  call.reply.ok();
}

function writeLog(call: Call): void {
  call.services.log.warning(`DEBUG LOG: ${call.text(2)}`);
  call.reply.ok();
}

function replyWithError(call: Call): void {
  throw replyError(call.text(2));
}

function configRewriteAll(call: Call): void {
  const error = call.services.configuration.rewrite();
  if (error !== undefined) throw replyError(error);
  call.reply.ok();
}

function nothing(call: Call): void {
  call.reply.ok();
}

function fails(error: ReplyError): (call: Call) => void {
  return () => {
    throw error;
  };
}

/** What would crash the process on purpose. */
function refuse(call: Call): void {
  throw replyError(`ERR DEBUG ${call.text(1).toUpperCase()} is refused: this server does not crash on request`);
}

function help(call: Call): void {
  const lines = ['DEBUG <subcommand> [<argument> ...]. Subcommands:'];
  for (const [name, sub] of Object.entries(subcommands)) lines.push(name.toUpperCase(), `    ${sub!.about}`);
  call.reply.array(lines.length);
  for (const line of lines) call.reply.simple(line);
}

interface DebugSubcommand {
  /** Arguments after the subcommand's name. */
  readonly min: number;
  readonly max: number;
  readonly run: (call: Call) => void;
  readonly about: string;
}

const ANY: number = Number.MAX_SAFE_INTEGER;
const NO_EFFECT = 'Has no effect here.';
const REFUSED = 'Is refused.';

const subcommands: { readonly [name: string]: DebugSubcommand | undefined } = Object.assign(
  Object.create(null) as { [name: string]: DebugSubcommand },
  {
    'aof-flush-sleep': { min: 1, max: 1, run: nothing, about: NO_EFFECT },
    assert: { min: 0, max: ANY, run: refuse, about: REFUSED },
    'change-repl-id': { min: 0, max: 0, run: changeReplId, about: 'Takes new replication ids.' },
    'client-enforce-reply-list': { min: 1, max: 1, run: nothing, about: NO_EFFECT },
    'client-eviction': {
      min: 0,
      max: ANY,
      run: fails(noClientEviction),
      about: 'Fails: clients are not kept in buckets.',
    },
    'config-rewrite-force-all': { min: 0, max: 0, run: configRewriteAll, about: 'Like CONFIG REWRITE.' },
    'crash-and-recover': { min: 0, max: ANY, run: refuse, about: REFUSED },
    digest: { min: 0, max: 0, run: digest, about: 'Returns a digest of all data.' },
    'digest-value': { min: 0, max: ANY, run: digestValue, about: 'Returns digests of the values of keys.' },
    'drop-cluster-packet-filter': { min: 1, max: 1, run: nothing, about: NO_EFFECT },
    error: { min: 1, max: 1, run: replyWithError, about: 'Replies an error of this text.' },
    help: { min: 0, max: 0, run: help, about: 'Shows this text.' },
    htstats: { min: 1, max: 2, run: hashTableStats, about: "Describes a database's hash table." },
    'htstats-key': { min: 1, max: 2, run: valueTableStats, about: "Describes a value's hash table." },
    jmap: { min: 0, max: ANY, run: nothing, about: NO_EFFECT },
    leak: { min: 1, max: 1, run: nothing, about: NO_EFFECT },
    listpack: { min: 1, max: 1, run: debugListpack, about: 'Tells whether a value is a listpack.' },
    loadaof: { min: 0, max: ANY, run: loadAof, about: 'Empties the server and loads the append only file.' },
    mallctl: { min: 1, max: 2, run: mallctl, about: NO_EFFECT },
    'mallctl-str': { min: 1, max: 2, run: mallctl, about: NO_EFFECT },
    log: { min: 1, max: 1, run: writeLog, about: 'Writes a line to the log.' },
    object: { min: 1, max: 2, run: debugObject, about: "Describes a key's value." },
    oom: { min: 0, max: ANY, run: refuse, about: REFUSED },
    panic: { min: 0, max: ANY, run: refuse, about: REFUSED },
    'pause-cron': { min: 1, max: 1, run: pauseCron, about: '1: background work stops, 0: it goes on.' },
    populate: {
      min: 1,
      max: 3,
      run: populate,
      about: '<count> [<prefix>] [<size>]: makes string keys. Not propagated.',
    },
    protocol: { min: 1, max: 1, run: debugProtocol, about: 'Replies a value of this RESP type.' },
    quicklist: { min: 1, max: 2, run: debugQuicklist, about: 'Tells whether a value is a quicklist.' },
    'quicklist-packed-threshold': { min: 1, max: 1, run: quicklistThreshold, about: NO_EFFECT },
    reload: { min: 0, max: ANY, run: reload, about: 'Saves and loads the RDB file. NOSAVE, NOFLUSH, MERGE.' },
    replicate: { min: 1, max: ANY, run: replicate, about: 'Sends words to replicas as a command.' },
    replybuffer: { min: 2, max: 2, run: replyBuffer, about: NO_EFFECT },
    restart: { min: 0, max: ANY, run: refuse, about: REFUSED },
    segfault: { min: 0, max: ANY, run: refuse, about: REFUSED },
    'set-active-expire': { min: 1, max: 1, run: setActiveExpire, about: '0: expired keys stay until they are met.' },
    'set-disable-deny-scripts': { min: 1, max: 1, run: nothing, about: NO_EFFECT },
    'set-skip-checksum-validation': { min: 1, max: 1, run: nothing, about: NO_EFFECT },
    sdslen: { min: 1, max: 1, run: debugLengths, about: 'Tells the lengths of a key and a string value.' },
    sleep: { min: 1, max: 1, run: sleep, about: 'Stops the server for so many seconds.' },
    'stringmatch-len': { min: 2, max: 2, run: stringMatch, about: '<pattern> <text>: 1 if the glob matches.' },
  },
);

export const debugCommands: readonly CommandRow[] = [
  {
    name: 'debug',
    arity: -2,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    categories: [],
    group: 'server',
    since: '1.0.0',
    complexity: 'Depends on subcommand.',
    summary: 'Serves tests. Off by default.',
    protection: 'enableDebugCommand',
    handler: debug,
  },
];
