/** Directives of the network, clients, access, the process, the log and observability. */
import { accepted, also, works, type Directive } from './directive.ts';
import {
  anyOf,
  fileName,
  integer,
  intMax,
  longMax,
  memory,
  memoryOrPercent,
  octal,
  oneOf,
  text,
  uintMax,
  yesNo,
} from './kinds.ts';
import { bindAddresses, directory, eventClasses, oomScores, outputBufferLimits, percentiles } from './special-kinds.ts';
import { checkTitle } from './title.ts';

const unset = { emptyIsUnset: true };
const access = oneOf(['no', 'yes', 'local']);
const natural = integer(0n, intMax);
const shutdownFlags = anyOf(['default', 'save', 'nosave', 'now', 'force'], (chosen) =>
  chosen.includes('save') && chosen.includes('nosave')
    ? "shutdown options SAVE and NOSAVE can't be used simultaneously"
    : undefined,
);
const facilities = ['user', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'] as const;

const noSyslog = 'the log goes to logfile or to standard output, not to syslog';
const oneThread = 'commands and network run on one thread';
const noPinning = 'threads are not pinned to processors';
const noModules = 'modules written for Redis are native code and cannot be loaded';
const noCrashReport = 'a crash is reported by Node.js';

export const serverDirectives: readonly Directive[] = [
  works('bind', 'bind', bindAddresses, '* -::*'),
  works('bind-source-addr', 'bindSourceAddr', text(unset), ''),
  works('port', 'port', integer(0n, 65535n), '6379'),
  works('tcp-backlog', 'tcpBacklog', natural, '511', 'immutable'),
  works('tcp-keepalive', 'tcpKeepalive', natural, '300'),
  works('unixsocket', 'unixsocket', fileName(unset), '', 'immutable'),
  works('unixsocketperm', 'unixsocketperm', octal(0n, 0o777n), '0', 'immutable'),
  works('protected-mode', 'protectedMode', yesNo, 'yes'),
  works('timeout', 'timeout', natural, '0'),
  works('maxclients', 'maxclients', integer(1n, uintMax), '10000'),
  works(
    'client-output-buffer-limit',
    'clientOutputBufferLimit',
    outputBufferLimits,
    'normal 0 0 0 replica 268435456 67108864 60 pubsub 33554432 8388608 60',
  ),
  works('client-query-buffer-limit', 'clientQueryBufferLimit', memory(1024n ** 2n, longMax, false), '1gb'),
  works('proto-max-bulk-len', 'protoMaxBulkLen', memory(1024n ** 2n, longMax, true), '512mb'),
  works('maxmemory-clients', 'maxmemoryClients', memoryOrPercent(), '0'),
  works('tracking-table-max-keys', 'trackingTableMaxKeys', integer(0n, longMax), '1000000'),
  accepted('socket-mark-id', integer(0n, uintMax), '0', 'sockets carry no mark', 'immutable'),
  accepted('io-threads', integer(1n, 128n), '1', oneThread, 'immutable'),
  accepted('io-threads-do-reads', yesNo, 'no', oneThread, 'immutable'),

  works('requirepass', 'requirepass', text(unset), '', 'sensitive'),
  works('aclfile', 'aclfile', fileName(), '', 'immutable'),
  works('acl-pubsub-default', 'aclPubsubDefault', oneOf(['allchannels', 'resetchannels']), 'resetchannels'),
  works('acllog-max-len', 'acllogMaxLen', integer(0n, longMax), '128'),
  works('enable-protected-configs', 'enableProtectedConfigs', access, 'no', 'immutable'),
  works('enable-debug-command', 'enableDebugCommand', access, 'no', 'immutable'),
  also(accepted('enable-module-command', access, 'no', noModules, 'immutable'), { field: 'enableModuleCommand' }),

  works('databases', 'databases', integer(1n, intMax), '16', 'immutable'),
  works('dir', 'dir', directory, '.', 'protected', 'deny-loading'),
  also(accepted('daemonize', yesNo, 'no', 'the server stays in the foreground; use a service manager', 'immutable'), {
    field: 'daemonize',
  }),
  accepted(
    'supervised',
    oneOf(['upstart', 'systemd', 'auto', 'no']),
    'no',
    'the service manager is not told that the server is ready',
    'immutable',
  ),
  works('pidfile', 'pidfile', fileName(unset), '', 'immutable'),
  works('logfile', 'logfile', fileName(), '', 'immutable'),
  works('loglevel', 'loglevel', oneOf(['debug', 'verbose', 'notice', 'warning']), 'notice'),
  accepted('syslog-enabled', yesNo, 'no', noSyslog, 'immutable'),
  accepted('syslog-ident', text(), 'redis', noSyslog, 'immutable'),
  accepted('syslog-facility', oneOf(facilities), 'local0', noSyslog, 'immutable'),
  works('always-show-logo', 'alwaysShowLogo', yesNo, 'no', 'immutable'),
  works('set-proc-title', 'setProcTitle', yesNo, 'yes', 'immutable'),
  works('proc-title-template', 'procTitleTemplate', text({ check: checkTitle }), '{title} {listen-addr} {server-mode}'),
  works('hz', 'hz', integer(0n, intMax, [1n, 500n]), '10'),
  works('dynamic-hz', 'dynamicHz', yesNo, 'yes'),
  works('shutdown-on-sigint', 'shutdownOnSigint', shutdownFlags, 'default'),
  works('shutdown-on-sigterm', 'shutdownOnSigterm', shutdownFlags, 'default'),
  works('shutdown-timeout', 'shutdownTimeout', natural, '10'),
  accepted('server_cpulist', text(unset), '', noPinning, 'immutable'),
  accepted('bio_cpulist', text(unset), '', noPinning, 'immutable'),
  accepted('aof_rewrite_cpulist', text(unset), '', noPinning, 'immutable'),
  accepted('bgsave_cpulist', text(unset), '', noPinning, 'immutable'),
  accepted('ignore-warnings', text(), '', 'there are no checks of the system to silence'),
  accepted('disable-thp', yesNo, 'yes', 'transparent huge pages do no harm without fork', 'immutable'),
  works('oom-score-adj', 'oomScoreAdj', oneOf(['no', 'yes', 'relative', 'absolute'], { relative: 'yes' }), 'no'),
  works('oom-score-adj-values', 'oomScoreAdjValues', oomScores, '0 200 800'),
  accepted('crash-log-enabled', yesNo, 'yes', noCrashReport),
  accepted('crash-memcheck-enabled', yesNo, 'yes', noCrashReport),
  accepted('use-exit-on-panic', yesNo, 'no', noCrashReport, 'hidden'),
  accepted('watchdog-period', natural, '0', 'there is no software watchdog', 'hidden'),
  accepted('locale-collate', text(), '', 'strings are compared byte by byte', '7.2'),

  works('slowlog-log-slower-than', 'slowlogLogSlowerThanMicros', integer(-1n, longMax), '10000'),
  works('slowlog-max-len', 'slowlogMaxLen', integer(0n, longMax), '128'),
  works('latency-monitor-threshold', 'latencyMonitorThresholdMs', integer(0n, longMax), '0'),
  works('latency-tracking', 'latencyTracking', yesNo, 'yes'),
  works('latency-tracking-info-percentiles', 'latencyTrackingInfoPercentiles', percentiles, '50 99 99.9'),
  works('notify-keyspace-events', 'notifyKeyspaceEvents', eventClasses, ''),
  also(works('busy-reply-threshold', 'busyReplyThresholdMs', integer(0n, longMax), '5000'), { was: 'lua-time-limit' }),
];
