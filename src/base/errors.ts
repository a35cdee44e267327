/**
 * The error catalogue: every reply that starts with '-' and is known beforehand stands here, made once.
 * Handlers throw these; the main path catches them in one place. Throwing a premade object costs a
 * twentieth of building a new Error, and the texts, which clients match on, can be read in one file.
 * Texts are Redis's, proved by the lockstep tests.
 */
export class ReplyError {
  /** The full line without '-' and CRLF, for example "ERR syntax error". */
  readonly text: string;
  /** The first word, which INFO errorstats counts. */
  readonly code: string;
  /** The reply's bytes, ready to be written. */
  readonly bytes: Uint8Array;

  constructor(text: string) {
    // A line break inside the text would end the reply early and desynchronize the client.
    const clean = text.replaceAll(/[\r\n]/g, ' ');
    this.text = clean;
    const space = clean.indexOf(' ');
    this.code = space < 0 ? clean : clean.slice(0, space);
    this.bytes = Buffer.from(`-${clean}\r\n`, 'latin1');
  }
}

/** An error whose text depends on the request. `text` is latin1: one char a byte. */
export function replyError(text: string): ReplyError {
  return new ReplyError(text);
}

const texts = {
  wrongType: 'WRONGTYPE Operation against a key holding the wrong kind of value',
  syntax: 'ERR syntax error',
  noSuchKey: 'ERR no such key',
  notInteger: 'ERR value is not an integer or out of range',
  notFloat: 'ERR value is not a valid float',
  hashValueNotInteger: 'ERR hash value is not an integer',
  hashValueNotFloat: 'ERR hash value is not a float',
  valueNanOrInfinity: 'ERR value is NaN or Infinity',
  minOrMaxNotFloat: 'ERR min or max is not a float',
  minOrMaxNotString: 'ERR min or max not valid string range item',
  indexOutOfRange: 'ERR index out of range',
  outOfRange: 'ERR value is out of range',
  mustBePositive: 'ERR value is out of range, must be positive',
  overflow: 'ERR increment or decrement would overflow',
  nanOrInfinity: 'ERR increment would produce NaN or Infinity',
  resultingScoreNan: 'ERR resulting score is not a number (NaN)',
  stringTooLong: 'ERR string exceeds maximum allowed size (proto-max-bulk-len)',
  offsetOutOfRange: 'ERR offset is out of range',
  bitOffset: 'ERR bit offset is not an integer or out of range',
  bitNotBit: 'ERR bit is not an integer or out of range',
  bitArgument: 'ERR The bit argument must be 1 or 0.',
  bitopNot: 'ERR BITOP NOT must be called with a single source key.',
  bitfieldType: 'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
  bitfieldReadOnly: 'ERR BITFIELD_RO only supports the GET subcommand',
  invalidHyperLogLog: 'WRONGTYPE Key is not a valid HyperLogLog string value.',
  corruptedHyperLogLog: 'INVALIDOBJ Corrupted HLL object detected',
  hyperLogLogNotSparse: 'ERR HLL encoding is not sparse',
  noSpecifiedKey: 'ERR The specified key does not exist',
  overflowType: 'ERR Invalid OVERFLOW type specified',
  invalidDbIndex: 'ERR invalid DB index',
  dbOutOfRange: 'ERR DB index is out of range',
  sameObject: 'ERR source and destination objects are the same',
  readonly: "READONLY You can't write against a read only replica.",
  noReplicas: 'NOREPLICAS Not enough good replicas to write.',
  loading: 'LOADING Redis is loading the dataset in memory',
  masterDown: "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  outOfMemory: "OOM command not allowed when used memory > 'maxmemory'.",
  noAuth: 'NOAUTH Authentication required.',
  wrongPass: 'WRONGPASS invalid username-password pair or user is disabled.',
  noPasswordConfigured:
    'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
  helloNeedsAuth:
    'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
  protocolNotInteger: 'ERR Protocol version is not an integer or out of range',
  badClientName: 'ERR Client names cannot contain spaces, newlines or special characters.',
  onlyNormalClients: 'ERR can only reset normal client connections',
  noSuchClient: 'ERR No such client',
  badClientId: 'ERR client-id should be greater than 0',
  invalidClientId: 'ERR Invalid client ID',
  pauseMode: 'ERR CLIENT PAUSE mode must be WRITE or ALL',
  unblockedByClient: 'UNBLOCKED client unblocked via CLIENT UNBLOCK',
  unblockedByRole: 'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
  unblockReason: 'ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR',
  notTracking:
    'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
  timeoutNotInteger: 'ERR timeout is not an integer or out of range',
  timeoutNotFloat: 'ERR timeout is not a float or out of range',
  timeoutOutOfRange: 'ERR timeout is out of range',
  maxAgeNotInteger: 'ERR maxage is not an integer or out of range',
  maxAgeNotPositive: 'ERR maxage should be greater than 0',
  timeoutNegative: 'ERR timeout is negative',
  notInt32: 'ERR value is out of range, value must between -2147483648 and 2147483647',
  noKeyArguments: 'ERR The command has no key arguments',
  invalidCommand: 'ERR Invalid command specified',
  invalidCommandCount: 'ERR Invalid number of arguments specified for command',
  invalidCommandArguments: 'ERR Invalid arguments specified for command',
  noProto: 'NOPROTO unsupported protocol version',
  busyKey: 'BUSYKEY Target key name already exists.',
  nestedMulti: 'ERR MULTI calls can not be nested',
  execWithoutMulti: 'ERR EXEC without MULTI',
  discardWithoutMulti: 'ERR DISCARD without MULTI',
  watchInsideMulti: 'ERR WATCH inside MULTI is not allowed',
  notInMulti: 'ERR Command not allowed inside a transaction',
  replicaKeyspace: "ERR Replica can't interact with the keyspace",
  execAbort: 'EXECABORT Transaction discarded because of previous errors.',
  maxClients: 'ERR max number of clients reached',
  notAReplica: 'ERR The server is not a replica',
  invalidCursor: 'ERR invalid cursor',
  numkeysNotPositive: 'ERR numkeys should be greater than 0',
  numkeysTooMany: "ERR Number of keys can't be greater than number of args",
  limitNegative: "ERR LIMIT can't be negative",
  invalidExpire: 'ERR invalid expire time',
} as const;

/** One premade error for each text above. */
export const errors: { readonly [Name in keyof typeof texts]: ReplyError } = Object.fromEntries(
  Object.entries(texts).map(([name, text]) => [name, new ReplyError(text)]),
) as { readonly [Name in keyof typeof texts]: ReplyError };

/** Wrong number of arguments; `name` is the full lower-case name ("client|kill" for a subcommand). */
export function wrongArity(name: string): ReplyError {
  return new ReplyError(`ERR wrong number of arguments for '${name}' command`);
}

export function invalidExpireIn(name: string): ReplyError {
  return new ReplyError(`ERR invalid expire time in '${name}' command`);
}

/** A subcommand exists but not with such arguments; both names as the client or the table has them. */
export function subcommandSyntax(container: string, given: string): ReplyError {
  return new ReplyError(
    `ERR unknown subcommand or wrong number of arguments for '${given.slice(0, 128)}'. Try ${container.toUpperCase()} HELP.`,
  );
}
