/**
 * The settings of a running server as plain fields, for the code that reads them on its way: no lookup, no parsing.
 * Each field is one directive of redis.conf (its name in camelCase); `server/config` owns the values and keeps them in
 * step with CONFIG SET. Everyone else only reads, and reads again each time: a copied value goes stale.
 *
 * Numbers above 2^53 are rounded. File names are JS strings; the other strings are byte strings (one char for each
 * byte, latin1). An empty string means "not set".
 */

/** One save point: a snapshot is due when `changes` writes happened and `seconds` have passed. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

/** Limits of what the server holds back for one client of a class; 0 is no limit. */
export interface OutputBufferLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  /** How long a client may stay above `softBytes`. */
  readonly softSeconds: number;
}

export interface OutputBufferLimits {
  readonly normal: OutputBufferLimit;
  readonly replica: OutputBufferLimit;
  readonly pubsub: OutputBufferLimit;
}

export interface MasterAddress {
  readonly host: string;
  readonly port: number;
}

export type ProtectedAccess = 'no' | 'yes' | 'local';
export type ShutdownFlag = 'default' | 'save' | 'nosave' | 'now' | 'force';

/** The bits of `notifyKeyspaceEvents`. */
export const keyspaceEvents = {
  keyspace: 1,
  keyevent: 2,
  generic: 4,
  string: 8,
  list: 16,
  set: 32,
  hash: 64,
  zset: 128,
  expired: 256,
  evicted: 512,
  stream: 1024,
  keyMiss: 2048,
  module: 8192,
  newKey: 16384,
} as const;

export interface Settings {
  // Network and clients
  bind: readonly string[];
  bindSourceAddr: string;
  port: number;
  tcpBacklog: number;
  /** Seconds; 0 turns keepalive off. */
  tcpKeepalive: number;
  unixsocket: string;
  /** File mode; 0 leaves it to the umask. */
  unixsocketperm: number;
  protectedMode: boolean;
  /** Seconds until an idle client is closed; 0 is never. */
  timeout: number;
  maxclients: number;
  clientOutputBufferLimit: OutputBufferLimits;
  /** Bytes. */
  clientQueryBufferLimit: number;
  /** Bytes; below zero it is a percentage of maxmemory. */
  maxmemoryClients: number;
  /** Bytes. */
  protoMaxBulkLen: number;
  trackingTableMaxKeys: number;

  // TLS: file names, empty where not set
  tlsPort: number;
  tlsReplication: boolean;
  tlsCertFile: string;
  tlsKeyFile: string;
  tlsKeyFilePass: string;
  tlsClientCertFile: string;
  tlsClientKeyFile: string;
  tlsClientKeyFilePass: string;
  tlsDhParamsFile: string;
  tlsCaCertFile: string;
  tlsCaCertDir: string;
  tlsProtocols: string;
  tlsCiphers: string;
  tlsCiphersuites: string;
  tlsAuthClients: 'no' | 'yes' | 'optional';
  tlsPreferServerCiphers: boolean;
  tlsSessionCaching: boolean;
  /** Seconds. */
  tlsSessionCacheTimeout: number;

  // Access
  requirepass: string;
  enableProtectedConfigs: ProtectedAccess;
  enableDebugCommand: ProtectedAccess;
  enableModuleCommand: ProtectedAccess;
  acllogMaxLen: number;
  aclfile: string;
  aclPubsubDefault: 'allchannels' | 'resetchannels';

  // Process and log
  daemonize: boolean;
  databases: number;
  dir: string;
  pidfile: string;
  logfile: string;
  loglevel: 'debug' | 'verbose' | 'notice' | 'warning';
  alwaysShowLogo: boolean;
  setProcTitle: boolean;
  procTitleTemplate: string;
  /** 'yes' and 'relative' are the same. */
  oomScoreAdj: 'no' | 'relative' | 'yes' | 'absolute';
  /** For a master, a replica, and a child, which there is none of here. */
  oomScoreAdjValues: readonly number[];
  hz: number;
  dynamicHz: boolean;
  shutdownOnSigint: readonly ShutdownFlag[];
  shutdownOnSigterm: readonly ShutdownFlag[];
  /** Seconds that a shutdown waits for replicas. */
  shutdownTimeout: number;

  // Observability
  slowlogLogSlowerThanMicros: number;
  slowlogMaxLen: number;
  latencyMonitorThresholdMs: number;
  latencyTracking: boolean;
  latencyTrackingInfoPercentiles: readonly number[];
  notifyKeyspaceEvents: number;
  busyReplyThresholdMs: number;

  // Memory and expiry
  /** Bytes; 0 is no limit. */
  maxmemory: number;
  maxmemoryPolicy:
    | 'volatile-lru'
    | 'volatile-lfu'
    | 'volatile-random'
    | 'volatile-ttl'
    | 'allkeys-lru'
    | 'allkeys-lfu'
    | 'allkeys-random'
    | 'noeviction';
  maxmemorySamples: number;
  maxmemoryEvictionTenacity: number;
  lfuLogFactor: number;
  /** Minutes. */
  lfuDecayTime: number;
  lazyfreeLazyEviction: boolean;
  lazyfreeLazyExpire: boolean;
  lazyfreeLazyServerDel: boolean;
  lazyfreeLazyUserDel: boolean;
  lazyfreeLazyUserFlush: boolean;
  activeExpireEffort: number;
  activerehashing: boolean;

  // Encodings
  hashMaxListpackEntries: number;
  hashMaxListpackValue: number;
  /** Above zero: entries in a node; below zero: a size class, -1 (4 kB) to -5 (64 kB). */
  listMaxListpackSize: number;
  listCompressDepth: number;
  setMaxIntsetEntries: number;
  setMaxListpackEntries: number;
  setMaxListpackValue: number;
  zsetMaxListpackEntries: number;
  zsetMaxListpackValue: number;
  hllSparseMaxBytes: number;
  streamNodeMaxBytes: number;
  streamNodeMaxEntries: number;

  // Persistence
  save: readonly SavePoint[];
  dbfilename: string;
  rdbcompression: boolean;
  rdbchecksum: boolean;
  rdbDelSyncFiles: boolean;
  rdbKeySaveDelay: number;
  stopWritesOnBgsaveError: boolean;
  sanitizeDumpPayload: 'no' | 'yes' | 'clients';
  appendonly: boolean;
  appendfilename: string;
  appenddirname: string;
  appendfsync: 'everysec' | 'always' | 'no';
  noAppendfsyncOnRewrite: boolean;
  autoAofRewritePercentage: number;
  autoAofRewriteMinSize: number;
  aofLoadTruncated: boolean;
  aofUseRdbPreamble: boolean;
  aofTimestampEnabled: boolean;
  aofDisableAutoGc: boolean;
  /** Microseconds a key; below zero: keys a microsecond. A test hook. */
  keyLoadDelayMicros: number;

  // Replication
  replicaof: MasterAddress | undefined;
  masterauth: string;
  masteruser: string;
  replicaServeStaleData: boolean;
  replicaReadOnly: boolean;
  replicaPriority: number;
  replicaAnnounced: boolean;
  replicaAnnounceIp: string;
  replicaAnnouncePort: number;
  replicaIgnoreMaxmemory: boolean;
  replicaIgnoreDiskWriteErrors: boolean;
  replicaLazyFlush: boolean;
  /** Bytes; 0 is `auto`: as much as is written in an outage of so many seconds, up to so many bytes. */
  replBacklogSize: number;
  replBacklogAutoOutage: number;
  replBacklogAutoMax: number;
  /** Glob patterns of "host" or "host:port", separated by blanks; empty allows every master. */
  replicaAllowedMasters: string;
  replicaRefuseEmptyMaster: boolean;
  replicaSaveLostWrites: boolean;
  /** Seconds that writes wait for a replica close to its output limit; 0 is none. */
  replicaMaxWriteDelay: number;
  /** Seconds without a replica until the backlog is freed; 0 is never. */
  replBacklogTtl: number;
  /** Seconds. */
  replTimeout: number;
  /** Seconds. */
  replPingReplicaPeriod: number;
  replDisableTcpNodelay: boolean;
  replDisklessSync: boolean;
  /** Seconds. */
  replDisklessSyncDelay: number;
  replDisklessSyncMaxReplicas: number;
  replDisklessLoad: 'disabled' | 'on-empty-db' | 'swapdb' | 'flush-before-load';
  minReplicasToWrite: number;
  /** Seconds. */
  minReplicasMaxLag: number;
  propagationErrorBehavior: 'ignore' | 'panic' | 'panic-on-replicas';
}
