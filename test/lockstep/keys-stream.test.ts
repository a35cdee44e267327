/**
 * What string, key and expiry commands send to replicas, compared with redis-server: effects in canonical form, nothing
 * for commands that changed nothing, the deletion of expired keys.
 */
import { streamLockstep } from '../support/stream-lockstep.ts';

const { streams } = streamLockstep({ args: ['--enable-debug-command', 'yes'] });

const far = '99999999999';

streams('SET propagates without GET and with an absolute expiry', [
  'SET k v',
  'SET k v EX 100',
  'SET k v PX 100000',
  `SET k v EXAT ${far}`,
  `SET k v PXAT ${far}999`,
  'SET k v NX',
  'SET k v XX',
  'SET k v NX GET',
  'SET k v XX GET',
  'SET k v GET',
  'SET k v KEEPTTL GET',
  'SET k v GET EX 100',
  'SET k v EX 0',
  'SET k v KEEPTTL',
  'SET other v NX EX 100',
  'SETNX k w',
  'SETNX new w',
  'SETEX k 100 v',
  'PSETEX k 100000 v',
  'SETEX k 0 v',
  'GETSET k 5',
  'GETSET fresh 6',
  'GETDEL k',
  'GETDEL k',
  'MSET a 1 b 2',
  'MSETNX a 1 c 2',
  'MSETNX d 1 c 2',
  'MGET a b c',
]);

streams('GETEX propagates what it does to the expiry', [
  'SET k v',
  'GETEX k',
  'GETEX k EX 100',
  'GETEX k PX 100000',
  `GETEX k EXAT ${far}`,
  `GETEX k PXAT ${far}999`,
  'GETEX k PERSIST',
  'GETEX k PERSIST',
  'GETEX none EX 100',
  'GETEX k EXAT 1',
  'EXISTS k',
]);

streams('counting and editing propagate as they came, floats by their result', [
  'INCR n',
  'DECR n',
  'INCRBY n 5',
  'DECRBY n 2',
  'INCRBYFLOAT n 1.5',
  'INCRBYFLOAT n 0',
  'INCR n',
  'APPEND k abc',
  'APPEND k ""',
  'APPEND empty ""',
  'SETRANGE k 1 X',
  'SETRANGE k 0 ""',
  'SETRANGE none 0 ""',
  'SETRANGE none 3 x',
  'STRLEN k',
  'GETRANGE k 0 -1',
]);

streams('the EXPIRE family propagates as PEXPIREAT, or as a deletion', [
  'MSET a 1 b 2 c 3 d 4',
  'EXPIRE a 100',
  'EXPIRE a 100 NX',
  'EXPIRE b 100 NX',
  'EXPIRE b 200 GT',
  'EXPIRE b 100 GT',
  'PEXPIRE b 300000 XX GT',
  `PEXPIREAT b ${far}999`,
  `PEXPIREAT b ${far}999 XX`,
  `EXPIREAT b ${far}`,
  'EXPIRE none 100',
  'PERSIST b',
  'PERSIST b',
  'PERSIST none',
  'EXPIRE a -1',
  'EXPIRE b 0',
  'PEXPIREAT c 1',
  'EXPIREAT d 1 XX',
  'EXPIREAT d 1',
  'EXPIRE d -1',
]);

streams('keys: only what changed is propagated', [
  'MSET a 1 b 2 c 3 d 4 e 5',
  'DEL none',
  'DEL a none b',
  'UNLINK none',
  'UNLINK none c',
  'RENAME none x',
  'RENAME d d',
  'RENAMENX d d',
  'RENAMENX d e',
  'RENAMENX d f',
  'RENAME f e',
  'COPY e g',
  'COPY e g',
  'COPY e g REPLACE',
  'COPY e g DB 1',
  'COPY e g DB 1',
  'COPY none g REPLACE',
  'MOVE e 1',
  'MOVE g 1',
  'MOVE none 1',
  'TOUCH g',
  'EXISTS g',
  'TYPE g',
  'SWAPDB 0 1',
  'SWAPDB 2 2',
  'FLUSHDB',
  'FLUSHDB',
  'FLUSHDB ASYNC',
  'SELECT 3',
  'SET x 1',
  'SELECT 4',
  'FLUSHALL',
  'FLUSHALL SYNC',
]);

/** A key that is past its time but still there, on a server that does not expire by itself. */
const expired = (commands: readonly string[]): string[] =>
  commands.flatMap((command) => ['SET x 1 PX 15', 'passes 40', command]);

streams('a command that meets an expired key propagates its deletion', [
  'DEBUG SET-ACTIVE-EXPIRE 0',
  ...expired(['GET x', 'SET x 2', 'SET x 2 NX', 'SETNX x 2', 'MGET x x', 'INCR x', 'EXISTS x', 'DEL x', 'UNLINK x']),
  ...expired(['TTL x', 'TYPE x', 'OBJECT ENCODING x', 'EXPIRE x 100', 'PERSIST x', 'GETEX x EX 100', 'APPEND x y']),
  ...expired(['MSET x 1 y 2', 'MSETNX x 1 z 2', 'GETDEL x', 'GETSET x 5', 'INCRBYFLOAT x 1', 'STRLEN x', 'TOUCH x']),
  'FLUSHALL',
  ...expired(['RENAME x y', 'SCAN 0', 'SCAN 0 MATCH y*', 'SCAN 0', 'KEYS *', 'RANDOMKEY', 'DBSIZE']),
  // Several at once are no transaction, unless they are met inside of one.
  ...['SET x 1 PX 1', 'SET y 1 PX 1', 'passes 5', '~ SCAN 0'],
  ...['SET x 1 PX 1', 'SET y 1 PX 1', 'passes 5', '~ RANDOMKEY'],
  ...['SET x 1 PX 1', 'passes 5', 'MULTI', 'SCAN 0', 'SET z 1', 'EXEC'],
  'SET y 1',
  ...expired(['RENAME y x', 'COPY x y', 'MOVE x 1']),
  'DEBUG SET-ACTIVE-EXPIRE 1',
]);

streams('transactions wrap what their commands propagate', [
  'MULTI',
  'SET a 1 EX 100',
  'GET a',
  'INCR b',
  'EXEC',
  'MULTI',
  'GET a',
  'EXEC',
  'MULTI',
  'SELECT 1',
  'SET c 1',
  'SELECT 0',
  'EXPIRE a 50',
  'EXEC',
  'MULTI',
  'SET only 1',
  'EXEC',
]);
