/**
 * Random commands from a server's own command table, with arguments of random kinds and counts, and random bytes made
 * of pieces of the protocol. The same seed gives the same commands.
 */
import type { Seeded } from './dataset.ts';
import type { RawClient } from './raw-client.ts';
import { encodeCommand, type Reply } from './resp.ts';

/**
 * Commands that would end or block the server or the connection, or replace its data, when they work as they should, and
 * those that answer with another number of replies than one.
 */
const excluded: readonly string[] = [
  'shutdown',
  'wait',
  'waitaof',
  'debug',
  'client|pause',
  'client|kill',
  'client|reply',
  'replicaof',
  'slaveof',
  'failover',
  'psync',
  'sync',
  'replconf',
  'monitor',
  'quit',
  'config|set',
  'config|rewrite',
  'bgrewriteaof',
  'subscribe',
  'unsubscribe',
  'psubscribe',
  'punsubscribe',
  'ssubscribe',
  'sunsubscribe',
];

/** Commands that empty databases, write files or change the connection come less often: values shall grow. */
const rare: readonly string[] = [
  'flushall',
  'flushdb',
  'swapdb',
  'select',
  'save',
  'bgsave',
  'reset',
  'auth',
  'hello',
  'multi',
  'watch',
  'lolwut',
];
const RARE_EVERY = 30;

export interface FuzzCommand {
  /** One word, or two for a subcommand. */
  readonly words: readonly string[];
  /** As in COMMAND. */
  readonly arity: number;
}

/** The server's commands, from COMMAND, without the excluded ones. */
export async function commandsOf(client: RawClient): Promise<FuzzCommand[]> {
  const found: FuzzCommand[] = [];
  const visit = (rows: readonly Reply[]): void => {
    for (const row of rows as readonly (readonly Reply[])[]) {
      const name = String(row[0]);
      if (excluded.includes(name) || (row[2] as readonly string[]).includes('blocking')) continue;
      found.push({ words: name.split('|'), arity: Number(row[1]) });
      if (row.length > 9) visit(row[9] as readonly Reply[]);
    }
  };
  visit((await client.ok('COMMAND')) as readonly Reply[]);
  return found;
}

const options = (
  'NX XX GT LT CH INCR EX PX EXAT PXAT KEEPTTL PERSIST GET WITHSCORES WITHVALUES LIMIT COUNT MATCH TYPE BYSCORE BYLEX ' +
  'REV WEIGHTS AGGREGATE SUM MIN MAX LEFT RIGHT BEFORE AFTER STORE ASC DESC ALPHA BY RANK MAXLEN LEN IDX MINMATCHLEN ' +
  'WITHMATCHLEN ASYNC SYNC REPLACE ABSTTL IDLETIME FREQ DB COPY AUTH SETNAME ID ADDR ON OFF YES NO HELP SAMPLES FIELDS ' +
  'BIT BYTE AND OR NOT XOR u8 i64 #1 STREAMS BLOCK GROUP CREATE MKSTREAM list set zset hash string stream'
).split(' ');

const numbers = (
  '0 1 -1 2 3 -2 5 10 63 64 100 255 -100 1024 65536 2147483647 -2147483649 4294967296 9007199254740993 ' +
  '9223372036854775807 -9223372036854775808 9223372036854775808 1e3 0.5 -0.0 1.5e300 1e400 inf -inf +inf nan 0x10 01 +5 (1 ' +
  '(-inf [a (b - + # $'
).split(' ');

const patterns = ['*', 'k?', '[a-', '[^k]*', '\\', 'k[0-9]', '*'.repeat(50)];

/** One random command. It is valid more often than not: only such commands reach the code behind the checks. */
export function randomCommand(random: Seeded, commands: readonly FuzzCommand[]): (string | Buffer)[] {
  let { words, arity } = random.pick(commands);
  while (rare.includes(words[0]!) && random.below(RARE_EVERY) !== 0) ({ words, arity } = random.pick(commands));
  const least = Math.abs(arity) - words.length;
  const extra = arity < 0 ? random.below(random.below(4) === 0 ? 12 : 4) : 0;
  const count = random.below(20) === 0 ? random.below(8) : Math.max(0, least) + extra;
  const args: (string | Buffer)[] = Array.from({ length: count }, (_, i) => argument(random, i));
  return [...words.map((word) => (random.below(2) === 0 ? word : word.toUpperCase())), ...args];
}

function argument(random: Seeded, index: number): string | Buffer {
  // The first argument is mostly a key, and there are few of them, so that all types meet all commands.
  if (random.below(index === 0 ? 5 : 2) !== 0 && index < 2) return `k${random.below(12)}`;
  switch (random.below(9)) {
    case 0:
    case 1:
      return `k${random.below(12)}`;
    case 2:
    case 3:
    case 4:
      return random.pick(numbers);
    case 5:
    case 6:
      return random.pick(options);
    case 7:
      return random.pick(patterns);
    default:
      return random.below(20) === 0 ? random.bytes(random.below(5000)) : random.bytes(random.below(12));
  }
}

const fragments = [
  '*1\r\n$4\r\nPING\r\n',
  '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n',
  '*2\r\n$3\r\nGET\r\n$1\r\na\r\n',
  'PING\r\n',
  'SET "a\\x00b" \'c d\'\r\n',
  'GET "unbalanced\r\n',
  '*',
  '$',
  '\r\n',
  '\n',
  '\0',
  '*-1\r\n',
  '*0\r\n',
  '*1\r\n',
  '*2147483647\r\n',
  '*2147483648\r\n',
  '*99999999999999999999\r\n',
  '*1\r\n$-1\r\n',
  '*1\r\n$536870913\r\n',
  '*1\r\n$4294967296\r\n',
  '*1\r\n:1\r\n',
  '*1x\r\n',
  '*01\r\n',
  '*+1\r\n',
  '*1\r\n$0\r\n\r\n',
  '*1\r\n$4\r\nPINGxx',
  '\x16\x03\x01\x02\x00\x01',
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /x HTTP/1.1\r\n',
];

/** Bytes that look like the protocol here and there, cut and damaged at random. */
export function randomBytes(random: Seeded): Buffer {
  const parts: Buffer[] = [];
  const count = 1 + random.below(6);
  for (let i = 0; i < count; i++) {
    const kind = random.below(10);
    if (kind === 0) parts.push(random.bytes(random.below(200)));
    else if (kind === 1) parts.push(encodeCommand(['ECHO', random.bytes(random.below(300))]));
    else parts.push(Buffer.from(random.pick(fragments), 'latin1'));
  }
  const bytes = Buffer.concat(parts);
  if (random.below(3) === 0 && bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}
