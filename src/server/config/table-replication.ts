/** Directives of replication, cluster and TLS. */
import { accepted, also, refused, works, type Directive } from './directive.ts';
import { integer, intMax, longMax, memory, memoryOrAuto, oneOf, text, ulongMax, yesNo } from './kinds.ts';
import { masterAddress } from './special-kinds.ts';

const unset = { emptyIsUnset: true };
const natural = integer(0n, intMax);
const positive = integer(1n, intMax);
const portNumber = integer(0n, 65535n);

/** Bytes; Redis makes no smaller backlog either. */
const smallestBacklog = 16_384n;

const noCluster = 'Redis Cluster is not supported yet';
const clusterTuning = 'tunes Redis Cluster, which is not supported yet';

const replicationDirectives: readonly Directive[] = [
  also(works('replicaof', 'replicaof', masterAddress, 'no one', 'immutable'), { was: 'slaveof' }),
  works('masterauth', 'masterauth', text(unset), '', 'sensitive'),
  works('masteruser', 'masteruser', text(unset), '', 'sensitive'),
  also(works('replica-serve-stale-data', 'replicaServeStaleData', yesNo, 'yes'), { was: 'slave-serve-stale-data' }),
  also(works('replica-read-only', 'replicaReadOnly', yesNo, 'yes'), { was: 'slave-read-only' }),
  also(works('replica-priority', 'replicaPriority', natural, '100'), { was: 'slave-priority' }),
  works('replica-announced', 'replicaAnnounced', yesNo, 'yes'),
  also(works('replica-announce-ip', 'replicaAnnounceIp', text(unset), ''), { was: 'slave-announce-ip' }),
  also(works('replica-announce-port', 'replicaAnnouncePort', portNumber, '0'), { was: 'slave-announce-port' }),
  also(works('replica-ignore-maxmemory', 'replicaIgnoreMaxmemory', yesNo, 'yes'), { was: 'slave-ignore-maxmemory' }),
  works('replica-ignore-disk-write-errors', 'replicaIgnoreDiskWriteErrors', yesNo, 'no'),
  also(accepted('replica-lazy-flush', yesNo, 'no', 'the old data is always freed in slices'), {
    was: 'slave-lazy-flush',
    field: 'replicaLazyFlush',
  }),
  works('repl-backlog-size', 'replBacklogSize', memoryOrAuto(1n, longMax, true, smallestBacklog), '1mb'),
  works('repl-backlog-auto-outage', 'replBacklogAutoOutage', positive, '60', 'headwater'),
  works('repl-backlog-auto-max', 'replBacklogAutoMax', memory(smallestBacklog, longMax, true), '256mb', 'headwater'),
  works('replica-allowed-masters', 'replicaAllowedMasters', text(unset), '', 'headwater'),
  works('replica-refuse-empty-master', 'replicaRefuseEmptyMaster', yesNo, 'no', 'headwater'),
  works('replica-save-lost-writes', 'replicaSaveLostWrites', yesNo, 'no', 'headwater'),
  works('replica-max-write-delay', 'replicaMaxWriteDelay', natural, '10', 'headwater'),
  works('repl-backlog-ttl', 'replBacklogTtl', integer(0n, longMax), '3600'),
  works('repl-timeout', 'replTimeout', positive, '60'),
  also(works('repl-ping-replica-period', 'replPingReplicaPeriod', positive, '10'), { was: 'repl-ping-slave-period' }),
  works('repl-disable-tcp-nodelay', 'replDisableTcpNodelay', yesNo, 'no'),
  works('repl-diskless-sync', 'replDisklessSync', yesNo, 'yes'),
  works('repl-diskless-sync-delay', 'replDisklessSyncDelay', natural, '5'),
  works('repl-diskless-sync-max-replicas', 'replDisklessSyncMaxReplicas', natural, '0'),
  works(
    'repl-diskless-load',
    'replDisklessLoad',
    oneOf(['disabled', 'on-empty-db', 'swapdb', 'flush-before-load']),
    'disabled',
    'deny-loading',
  ),
  also(works('min-replicas-to-write', 'minReplicasToWrite', natural, '0'), { was: 'min-slaves-to-write' }),
  also(works('min-replicas-max-lag', 'minReplicasMaxLag', natural, '10'), { was: 'min-slaves-max-lag' }),
  works(
    'propagation-error-behavior',
    'propagationErrorBehavior',
    oneOf(['ignore', 'panic', 'panic-on-replicas']),
    'ignore',
  ),
];

const endpointTypes = ['ip', 'hostname', 'unknown-endpoint'] as const;

const clusterDirectives: readonly Directive[] = [
  refused('cluster-enabled', yesNo, 'no', noCluster, 'immutable'),
  accepted('cluster-config-file', text(), 'nodes.conf', clusterTuning, 'immutable'),
  accepted('cluster-port', portNumber, '0', clusterTuning, 'immutable'),
  accepted('cluster-announce-ip', text(unset), '', clusterTuning),
  accepted('cluster-announce-hostname', text({ ...unset, check: checkHostname }), '', clusterTuning),
  accepted('cluster-announce-human-nodename', text({ ...unset, check: checkHostname }), '', clusterTuning, '7.2'),
  accepted('cluster-announce-port', portNumber, '0', clusterTuning),
  accepted('cluster-announce-bus-port', portNumber, '0', clusterTuning),
  accepted('cluster-announce-tls-port', portNumber, '0', clusterTuning),
  accepted('cluster-preferred-endpoint-type', oneOf(endpointTypes), 'ip', clusterTuning),
  accepted('cluster-node-timeout', integer(0n, longMax), '15000', clusterTuning),
  accepted('cluster-link-sendbuf-limit', memory(0n, ulongMax, false), '0', clusterTuning),
  accepted('cluster-migration-barrier', natural, '1', clusterTuning),
  accepted('cluster-require-full-coverage', yesNo, 'yes', clusterTuning),
  accepted('cluster-allow-reads-when-down', yesNo, 'no', clusterTuning),
  accepted('cluster-allow-pubsubshard-when-down', yesNo, 'yes', clusterTuning),
  accepted('cluster-allow-replica-migration', yesNo, 'yes', clusterTuning),
  also(accepted('cluster-replica-no-failover', yesNo, 'no', clusterTuning), { was: 'cluster-slave-no-failover' }),
  also(accepted('cluster-replica-validity-factor', natural, '10', clusterTuning), {
    was: 'cluster-slave-validity-factor',
  }),
];

const tlsDirectives: readonly Directive[] = [
  works('tls-port', 'tlsPort', portNumber, '0'),
  works('tls-replication', 'tlsReplication', yesNo, 'no'),
  refused('tls-cluster', yesNo, 'no', clusterTuning),
  works('tls-cert-file', 'tlsCertFile', text(unset), ''),
  works('tls-key-file', 'tlsKeyFile', text(unset), ''),
  works('tls-key-file-pass', 'tlsKeyFilePass', text(unset), '', 'sensitive'),
  works('tls-client-cert-file', 'tlsClientCertFile', text(unset), ''),
  works('tls-client-key-file', 'tlsClientKeyFile', text(unset), ''),
  works('tls-client-key-file-pass', 'tlsClientKeyFilePass', text(unset), '', 'sensitive'),
  works('tls-dh-params-file', 'tlsDhParamsFile', text(unset), ''),
  works('tls-ca-cert-file', 'tlsCaCertFile', text(unset), ''),
  works('tls-ca-cert-dir', 'tlsCaCertDir', text(unset), ''),
  works('tls-protocols', 'tlsProtocols', text(unset), ''),
  works('tls-ciphers', 'tlsCiphers', text(unset), ''),
  works('tls-ciphersuites', 'tlsCiphersuites', text(unset), ''),
  works('tls-auth-clients', 'tlsAuthClients', oneOf(['no', 'yes', 'optional']), 'yes'),
  works('tls-prefer-server-ciphers', 'tlsPreferServerCiphers', yesNo, 'no'),
  works('tls-session-caching', 'tlsSessionCaching', yesNo, 'yes'),
  accepted('tls-session-cache-size', natural, '20480', 'sessions are resumed by tickets, which the clients keep'),
  works('tls-session-cache-timeout', 'tlsSessionCacheTimeout', natural, '300'),
];

export const linkDirectives: readonly Directive[] = [...replicationDirectives, ...clusterDirectives, ...tlsDirectives];

/** Redis's bound on a host name, in characters. */
const maxHostname = 256;

function checkHostname(name: string): string | undefined {
  if (name.length >= maxHostname) return `Hostnames must be less than ${maxHostname} characters`;
  return /^[A-Za-z0-9.-]*$/.test(name)
    ? undefined
    : 'Hostnames may only contain alphanumeric characters, hyphens or dots';
}
