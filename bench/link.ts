/** A link between a master and its replica that can be slowed, stalled and cut; and how benchmarks watch both its ends. */
import { createConnection, createServer, type Socket } from 'node:net';
import type { BenchServer } from './support.ts';

export interface Link {
  readonly port: number;
  /** From here on nothing of the master reaches the replica; what it sends waits. */
  stall(): void;
  /** Resets all connections; new ones work as at first. */
  cut(): void;
  close(): void;
}

export interface LinkOptions {
  /** Limit of what the master sends. Default: none. */
  readonly bytesPerSecond?: number;
  /** How far apart the ends are: ms from one to the other. Default 0. */
  readonly awayMs?: number;
}

/** Passes connections on to `target`. */
export async function startLink(target: number, options: LinkOptions = {}): Promise<Link> {
  const { bytesPerSecond = Infinity, awayMs = 0 } = options;
  const pairs = new Set<readonly [near: Socket, far: Socket]>();
  const open = (near: Socket): void => {
    const far = createConnection(target, '127.0.0.1');
    near.setNoDelay(true);
    far.setNoDelay(true);
    const pair = [near, far] as const;
    pairs.add(pair);
    // The replica's end is connected at once; over a real link it would hear of it a round trip after it asked.
    const toMaster = later(awayMs, performance.now() + awayMs);
    const toReplica = later(awayMs);
    near.on('data', (bytes) => toMaster(() => far.write(bytes)));
    pace(far, near, (bytes) => toReplica(() => near.write(bytes)), bytesPerSecond);
    for (const [socket, other] of [pair, [far, near]] as const) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
  };
  const toListener = later(awayMs);
  const server = createServer((near) => {
    near.on('error', () => {});
    toListener(() => open(near));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the link does not listen');
  const cut = (): void => {
    for (const [near, far] of pairs) {
      near.destroy();
      far.destroy();
    }
  };
  return {
    port: address.port,
    stall: () => {
      for (const [, far] of pairs) far.removeAllListeners('data').pause();
    },
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}

/**
 * Does steps in order, each so long after it came, and as if none came before `earliest`. Timers are too coarse for it,
 * so it asks the clock in every turn while one waits.
 */
function later(ms: number, earliest = 0): (step: () => unknown) => void {
  if (ms === 0) return (step) => void step();
  const waiting: { readonly dueMs: number; readonly step: () => unknown }[] = [];
  const look = (): void => {
    while (waiting.length > 0 && waiting[0]!.dueMs <= performance.now()) waiting.shift()!.step();
    if (waiting.length > 0) setImmediate(look);
  };
  return (step) => {
    waiting.push({ dueMs: Math.max(performance.now(), earliest) + ms, step });
    if (waiting.length === 1) setImmediate(look);
  };
}

function pace(from: Socket, to: Socket, pass: (bytes: Buffer) => void, bytesPerSecond: number): void {
  const start = performance.now();
  let passed = 0;
  from.on('data', (bytes) => {
    pass(bytes);
    if (to.writableNeedDrain) {
      from.pause();
      to.once('drain', () => from.resume());
    }
    if (bytesPerSecond === Infinity) return;
    passed += bytes.length;
    // An idle link saves up nothing: it may be ahead of its rate, never behind.
    const aheadMs = (passed / bytesPerSecond) * 1000 - (performance.now() - start);
    if (aheadMs < 0) passed = ((performance.now() - start) / 1000) * bytesPerSecond;
    if (aheadMs < 5) return;
    from.pause();
    setTimeout(() => from.resume(), aheadMs);
  });
}

/** One field of INFO. */
export async function field(server: BenchServer, name: string): Promise<string> {
  const info = await server.cli('INFO', 'everything');
  return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '';
}

export async function until(done: () => Promise<boolean>, what: string, everyMs = 100): Promise<void> {
  const deadline = performance.now() + 300_000;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error(`it did not come to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
