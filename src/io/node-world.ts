/** The real world: what a production server gets. Two worlds of one process share nothing but the process. */
import { nodeClock } from './node-clock.ts';
import { nodeDisk } from './node-disk.ts';
import { nodeNetwork } from './node-network.ts';
import { nodeProcess } from './node-process.ts';
import { nodeRandom } from './node-random.ts';
import { redisLog } from './redis-log.ts';
import type { RedisLogOptions } from './redis-log.ts';
import type { World } from './world.ts';

export interface NodeWorldOptions {
  readonly log?: RedisLogOptions;
}

export function nodeWorld(options: NodeWorldOptions = {}): World {
  return {
    clock: nodeClock(),
    network: nodeNetwork(),
    disk: nodeDisk(),
    random: nodeRandom(),
    log: redisLog(options.log),
    process: nodeProcess(),
  };
}
