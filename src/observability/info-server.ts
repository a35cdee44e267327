/** INFO server, clients, cpu, cluster, modules. */
import { headwaterVersion, redisVersion } from '../base/version.ts';
import type { Server } from '../server/server.ts';
import { byteString, type InfoRow } from './section.ts';

const DAY_SECONDS = 86_400;

export function serverRows(server: Server): readonly InfoRow[] {
  const { world, settings, config, clock } = server;
  const { process: facts } = world;
  const uptime = Math.floor((clock.now() - server.startedAt) / 1000);
  return [
    ['redis_version', redisVersion],
    ['redis_git_sha1', '00000000'],
    ['redis_git_dirty', 0],
    ['redis_build_id', '0000000000000000'],
    ['redis_mode', 'standalone'],
    ['os', facts.os],
    ['arch_bits', facts.archBits],
    ['monotonic_clock', 'POSIX clock_gettime'],
    ['multiplexing_api', 'libuv'],
    ['atomicvar_api', 'none'],
    ['gcc_version', '0.0.0'],
    ['process_id', facts.pid],
    ['process_supervised', 'no'],
    ['run_id', server.runId],
    ['tcp_port', settings.port === 0 ? settings.tlsPort : settings.port],
    ['server_time_usec', clock.nowMicros()],
    ['uptime_in_seconds', uptime],
    ['uptime_in_days', Math.floor(uptime / DAY_SECONDS)],
    ['hz', settings.hz],
    ['configured_hz', settings.hz],
    ['lru_clock', Math.floor(clock.now() / 1000) & 0xffffff],
    ['executable', byteString(facts.executable)],
    ['config_file', byteString(config.configFile ?? '')],
    ['io_threads_active', 0],
    ...shutdownRow(server),
    ...listenerRows(server),
    ['headwater_version', headwaterVersion],
    ['node_version', facts.nodeVersion],
  ];
}

function shutdownRow({ shutdownSequence }: Server): readonly InfoRow[] {
  const { waitsMs } = shutdownSequence;
  return waitsMs < 0 ? [] : [['shutdown_in_milliseconds', waitsMs]];
}

function listenerRows(server: Server): readonly InfoRow[] {
  const { bind, port, tlsPort, unixsocket } = server.settings;
  const listeners: string[] = [];
  if (port !== 0) listeners.push(['name=tcp', ...bind.map((address) => `bind=${address}`), `port=${port}`].join(','));
  if (tlsPort !== 0)
    listeners.push(['name=tls', ...bind.map((address) => `bind=${address}`), `port=${tlsPort}`].join(','));
  if (unixsocket !== '') listeners.push(`name=unix,bind=${byteString(unixsocket)}`);
  return listeners.map((text, i) => [`listener${i}`, text]);
}

export function clientsRows(server: Server): readonly InfoRow[] {
  const { clients, settings } = server;
  let connected = 0;
  let blocked = 0;
  for (const session of clients.all()) {
    if (session.class === 'replica') continue;
    connected++;
    if (session.blocked) blocked++;
  }
  return [
    ['connected_clients', connected],
    ['cluster_connections', 0],
    ['maxclients', settings.maxclients],
    ['client_recent_max_input_buffer', clients.maxInputBuffer],
    ['client_recent_max_output_buffer', clients.maxOutputBuffer],
    ['blocked_clients', blocked + clients.postponedCount],
    ['tracking_clients', server.tracking.clients],
    ['clients_in_timeout_table', server.blocking.withTimeout],
    ['total_blocking_keys', server.blocking.keys],
    ['total_blocking_keys_on_nokey', 0],
  ];
}

export function cpuRows(server: Server): readonly InfoRow[] {
  const { userMicros, systemMicros } = server.world.process.cpu();
  const seconds = (micros: number): string => (micros / 1e6).toFixed(6);
  // Nothing forks here, and the runtime does not count its main thread apart.
  return [
    ['used_cpu_sys', seconds(systemMicros)],
    ['used_cpu_user', seconds(userMicros)],
    ['used_cpu_sys_children', seconds(0)],
    ['used_cpu_user_children', seconds(0)],
    ['used_cpu_sys_main_thread', seconds(systemMicros)],
    ['used_cpu_user_main_thread', seconds(userMicros)],
  ];
}

export function keyspaceRows(server: Server): readonly InfoRow[] {
  const rows: InfoRow[] = [];
  for (const db of server.store.space.databases) {
    if (db.size === 0) continue;
    const ttl = db.expiries.averageTtl(TTL_SAMPLES);
    // As Redis 7.4 shows it, but only where there are such.
    const hashes = db.expiringHashes > 0 ? `,subexpiry=${db.expiringHashes}` : '';
    rows.push([`db${db.index}`, `keys=${db.size},expires=${db.expiring},avg_ttl=${ttl}${hashes}`]);
  }
  return rows;
}

const TTL_SAMPLES = 32;
