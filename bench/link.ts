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

/** Passes connections on to `target`; what the master sends is limited to so many bytes a second. */
export async function startLink(target: number, bytesPerSecond: number = Infinity): Promise<Link> {
  const pairs = new Set<readonly [near: Socket, far: Socket]>();
  const server = createServer((near) => {
    const far = createConnection(target, '127.0.0.1');
    near.setNoDelay(true);
    far.setNoDelay(true);
    const pair = [near, far] as const;
    pairs.add(pair);
    near.on('data', (bytes) => far.write(bytes));
    pace(far, near, bytesPerSecond);
    for (const [socket, other] of [pair, [far, near]] as const) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
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

function pace(from: Socket, to: Socket, bytesPerSecond: number): void {
  const start = performance.now();
  let passed = 0;
  from.on('data', (bytes) => {
    if (!to.write(bytes)) {
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
