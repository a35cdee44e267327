/**
 * INFO: sections of rows, in Redis's order and with Redis's names; what only Headwater knows follows at the end of a section.
 *
 * Nobody imports this but those who put a server together: it fills in the server's `infoRenderer`.
 */
import type { Server } from '../server/server.ts';
import { memoryRows } from './info-memory.ts';
import { persistenceRows } from './info-persistence.ts';
import { clientsRows, cpuRows, keyspaceRows, serverRows } from './info-server.ts';
import { commandStatsRows, debugRows, errorStatsRows, latencyStatsRows, statsRows } from './info-stats.ts';
import type { InfoSection } from './section.ts';

const sections: readonly InfoSection[] = [
  { name: 'server', title: 'Server', byDefault: true, rows: serverRows },
  { name: 'clients', title: 'Clients', byDefault: true, rows: clientsRows },
  { name: 'memory', title: 'Memory', byDefault: true, rows: memoryRows },
  { name: 'persistence', title: 'Persistence', byDefault: true, rows: persistenceRows },
  { name: 'stats', title: 'Stats', byDefault: true, rows: statsRows },
  { name: 'replication', title: 'Replication', byDefault: true, rows: (server) => server.replication.infoRows() },
  { name: 'cpu', title: 'CPU', byDefault: true, rows: cpuRows },
  { name: 'modules', title: 'Modules', byDefault: true, rows: () => [] },
  { name: 'commandstats', title: 'Commandstats', byDefault: false, rows: commandStatsRows },
  { name: 'errorstats', title: 'Errorstats', byDefault: true, rows: errorStatsRows },
  { name: 'latencystats', title: 'Latencystats', byDefault: false, rows: latencyStatsRows },
  { name: 'cluster', title: 'Cluster', byDefault: true, rows: () => [['cluster_enabled', 0]] },
  { name: 'keyspace', title: 'Keyspace', byDefault: true, rows: keyspaceRows },
  { name: 'debug', title: 'Debug', byDefault: false, onlyByName: true, rows: debugRows },
];

/** Makes the server answer INFO. */
export function installInfo(server: Server): void {
  const { statistics, world } = server;
  const { arena } = server.store.space;
  statistics.startupMemory = arena.usedBytes;
  statistics.engineMemory = Math.max(0, world.process.memory().rssBytes - arena.reservedBytes);
  server.infoRenderer = (names) => renderInfo(server, names);
}

/** `names` in lower case; none: the default set. A name that is not known adds nothing. */
export function renderInfo(server: Server, names: readonly string[]): string {
  const everything = names.includes('all') || names.includes('everything');
  const defaults = names.length === 0 || names.includes('default');
  const wanted = sections.filter(
    ({ name, byDefault, onlyByName }) =>
      (everything && onlyByName !== true) ||
      (defaults && byDefault) ||
      names.includes(name) ||
      isModuleList(name, names),
  );
  return wanted.map((section) => renderSection(server, section)).join('\r\n');
}

/** The list of modules has a second name. */
function isModuleList(name: string, names: readonly string[]): boolean {
  return name === 'modules' && names.includes('module_list');
}

function renderSection(server: Server, section: InfoSection): string {
  let text = `# ${section.title}\r\n`;
  for (const [name, value] of section.rows(server)) text += `${name}:${value}\r\n`;
  return text;
}
