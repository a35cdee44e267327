/** Directives of memory, expiry, encodings and persistence. */
import { accepted, also, refused, works, type Directive } from './directive.ts';
import { fileName, integer, intMax, longMax, memory, oneOf, ulongMax, yesNo } from './kinds.ts';
import { savePoints } from './special-kinds.ts';

const natural = integer(0n, intMax);
const count = integer(0n, longMax);
const bytes = memory(0n, longMax, false);

const noDefrag =
  'Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc like the one shipped by default with the Redis source distribution';
const noFragments = 'the arena is not defragmented';
const noCompression = 'list nodes are not compressed in memory';
const slices = 'freeing is always done in slices';

const policies = [
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'noeviction',
] as const;

export const dataDirectives: readonly Directive[] = [
  works('maxmemory', 'maxmemory', memory(0n, ulongMax, false), '0'),
  works('maxmemory-policy', 'maxmemoryPolicy', oneOf(policies), 'noeviction'),
  works('maxmemory-samples', 'maxmemorySamples', integer(1n, intMax), '5'),
  works('maxmemory-eviction-tenacity', 'maxmemoryEvictionTenacity', integer(0n, 100n), '10'),
  works('lfu-log-factor', 'lfuLogFactor', natural, '10'),
  works('lfu-decay-time', 'lfuDecayTime', natural, '1'),
  works('lazyfree-lazy-eviction', 'lazyfreeLazyEviction', yesNo, 'no'),
  also(accepted('lazyfree-lazy-expire', yesNo, 'no', slices), { field: 'lazyfreeLazyExpire' }),
  also(accepted('lazyfree-lazy-server-del', yesNo, 'no', slices), { field: 'lazyfreeLazyServerDel' }),
  works('lazyfree-lazy-user-del', 'lazyfreeLazyUserDel', yesNo, 'no'),
  works('lazyfree-lazy-user-flush', 'lazyfreeLazyUserFlush', yesNo, 'no'),
  works('active-expire-effort', 'activeExpireEffort', integer(1n, 10n), '1'),
  works('activerehashing', 'activerehashing', yesNo, 'yes'),
  refused('activedefrag', yesNo, 'no', noDefrag),
  accepted('active-defrag-cycle-min', integer(1n, 99n), '1', noFragments),
  accepted('active-defrag-cycle-max', integer(1n, 99n), '25', noFragments),
  accepted('active-defrag-threshold-lower', integer(0n, 1000n), '10', noFragments),
  accepted('active-defrag-threshold-upper', integer(0n, 1000n), '100', noFragments),
  accepted('active-defrag-max-scan-fields', integer(1n, longMax), '1000', noFragments),
  accepted('active-defrag-ignore-bytes', memory(1n, longMax, false), '100mb', noFragments),
  accepted('jemalloc-bg-thread', yesNo, 'yes', 'memory comes from an arena, not from jemalloc'),

  also(works('hash-max-listpack-entries', 'hashMaxListpackEntries', count, '512'), { was: 'hash-max-ziplist-entries' }),
  also(works('hash-max-listpack-value', 'hashMaxListpackValue', bytes, '64'), { was: 'hash-max-ziplist-value' }),
  also(works('list-max-listpack-size', 'listMaxListpackSize', integer(-intMax - 1n, intMax), '-2'), {
    was: 'list-max-ziplist-size',
  }),
  also(accepted('list-compress-depth', natural, '0', noCompression), { field: 'listCompressDepth' }),
  works('set-max-intset-entries', 'setMaxIntsetEntries', count, '512'),
  works('set-max-listpack-entries', 'setMaxListpackEntries', count, '128', '7.2'),
  works('set-max-listpack-value', 'setMaxListpackValue', bytes, '64', '7.2'),
  also(works('zset-max-listpack-entries', 'zsetMaxListpackEntries', count, '128'), { was: 'zset-max-ziplist-entries' }),
  also(works('zset-max-listpack-value', 'zsetMaxListpackValue', bytes, '64'), { was: 'zset-max-ziplist-value' }),
  works('hll-sparse-max-bytes', 'hllSparseMaxBytes', bytes, '3000'),
  works('stream-node-max-bytes', 'streamNodeMaxBytes', bytes, '4096'),
  works('stream-node-max-entries', 'streamNodeMaxEntries', count, '100'),

  works('save', 'save', savePoints, '3600 1 300 100 60 10000'),
  works(
    'dbfilename',
    'dbfilename',
    fileName({ check: baseName('dbfilename', 'filename', true) }),
    'dump.rdb',
    'protected',
  ),
  works('rdbcompression', 'rdbcompression', yesNo, 'yes'),
  works('rdbchecksum', 'rdbchecksum', yesNo, 'yes', 'immutable'),
  works('rdb-del-sync-files', 'rdbDelSyncFiles', yesNo, 'no'),
  works('stop-writes-on-bgsave-error', 'stopWritesOnBgsaveError', yesNo, 'yes'),
  works('sanitize-dump-payload', 'sanitizeDumpPayload', oneOf(['no', 'yes', 'clients']), 'no'),
  accepted('rdb-save-incremental-fsync', yesNo, 'yes', 'files are always flushed before they are renamed'),
  works('rdb-key-save-delay', 'rdbKeySaveDelay', integer(-intMax - 1n, intMax), '0', 'hidden'),
  works('key-load-delay', 'keyLoadDelayMicros', integer(-intMax - 1n, intMax), '0', 'hidden'),
  accepted(
    'loading-process-events-interval-bytes',
    integer(1024n, intMax),
    '2097152',
    'loading always runs in slices',
    'hidden',
  ),

  works('appendonly', 'appendonly', yesNo, 'no', 'deny-loading'),
  works(
    'appendfilename',
    'appendfilename',
    fileName({ check: baseName('appendfilename', 'filename', false) }),
    'appendonly.aof',
    'immutable',
  ),
  works(
    'appenddirname',
    'appenddirname',
    fileName({ check: baseName('appenddirname', 'dirname', false) }),
    'appendonlydir',
    'immutable',
  ),
  works('appendfsync', 'appendfsync', oneOf(['everysec', 'always', 'no']), 'everysec'),
  works('no-appendfsync-on-rewrite', 'noAppendfsyncOnRewrite', yesNo, 'no'),
  works('auto-aof-rewrite-percentage', 'autoAofRewritePercentage', natural, '100'),
  works('auto-aof-rewrite-min-size', 'autoAofRewriteMinSize', memory(0n, longMax, true), '64mb'),
  works('aof-load-truncated', 'aofLoadTruncated', yesNo, 'yes'),
  works('aof-use-rdb-preamble', 'aofUseRdbPreamble', yesNo, 'yes'),
  works('aof-timestamp-enabled', 'aofTimestampEnabled', yesNo, 'no'),
  accepted('aof-rewrite-incremental-fsync', yesNo, 'yes', 'a base is flushed as a whole before it is renamed'),
  works('aof-disable-auto-gc', 'aofDisableAutoGc', yesNo, 'no'),
];

function baseName(directive: string, what: string, mayBeEmpty: boolean): (value: string) => string | undefined {
  return (value) => {
    if (value === '' && !mayBeEmpty) return `${directive} can't be empty`;
    return /[/\\]/.test(value) ? `${directive} can't be a path, just a ${what}` : undefined;
  };
}
