/** The package's public interface. */
export { createServer } from './create-server.ts';
export type { CreateServerOptions, HeadwaterServer, NodeStatus } from './create-server.ts';
