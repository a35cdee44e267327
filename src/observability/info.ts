/** INFO. */
import type { Server } from '../server/server.ts';

export function installInfo(server: Server): void {
  server.infoRenderer = () =>
    `# Replication\r\n${server.replication
      .infoRows()
      .map(([name, value]) => `${name}:${value}\r\n`)
      .join('')}`;
}
