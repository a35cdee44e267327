/** Ports on the loopback interface that nobody listens on right now. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Another process may take the port before its user binds it: whoever binds retries. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
