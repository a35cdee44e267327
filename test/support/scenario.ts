/**
 * Replication scenarios between real servers of either kind: nodes that stop with the test, proxies between them, and
 * what every scenario ends on: equal data at equal offsets.
 */
import type { TestContext } from 'node:test';
import type { FaultProxy } from './fault-proxy.ts';
import { startProxy } from './fault-proxy.ts';
import { startHeadwater } from './headwater-server.ts';
import type { RawClient } from './raw-client.ts';
import { connectRaw } from './raw-client.ts';
import { startRedis } from './redis-server.ts';
import { equalDigests, infoOf, linkUp, sameOffset } from './replication.ts';
import type { Argument, Reply } from './resp.ts';
import type { ServerOptions, ServerProcess } from './server-process.ts';
import { waitFor } from './wait.ts';

export type Kind = 'headwater' | 'redis';

export interface Pair {
  readonly master: Kind;
  readonly replica: Kind;
}

/** Every pair in which at least one is ours. */
export const pairs: readonly Pair[] = [
  { master: 'headwater', replica: 'headwater' },
  { master: 'headwater', replica: 'redis' },
  { master: 'redis', replica: 'headwater' },
];

/** A running server and a client of it. */
export class Node {
  readonly kind: Kind;
  readonly server: ServerProcess;
  readonly client: RawClient;

  constructor(kind: Kind, server: ServerProcess, client: RawClient) {
    this.kind = kind;
    this.server = server;
    this.client = client;
  }

  get port(): number {
    return this.server.port;
  }

  ok(...args: readonly Argument[]): Promise<Reply> {
    return this.client.ok(...args);
  }

  /** A field of INFO, undefined if it is missing. */
  async info(name: string): Promise<string | undefined> {
    return (await infoOf(this.client)).get(name);
  }

  async count(name: string): Promise<number> {
    const value = await this.info(name);
    if (value === undefined) throw new Error(`INFO has no ${name}`);
    return Number(value);
  }

  async counts(): Promise<{ full: number; partial: number; refused: number }> {
    const info = await infoOf(this.client, 'stats');
    return {
      full: Number(info.get('sync_full')),
      partial: Number(info.get('sync_partial_ok')),
      refused: Number(info.get('sync_partial_err')),
    };
  }

  /** REPLICAOF of another node, or of a proxy in front of it. */
  async follow(target: { readonly port: number }): Promise<void> {
    await this.ok('REPLICAOF', '127.0.0.1', target.port);
  }

  /** Waits for a line in the log. */
  logged(text: string | RegExp, timeoutMs = 30_000): Promise<unknown> {
    const there = (): boolean =>
      typeof text === 'string' ? this.server.logText().includes(text) : text.test(this.server.logText());
    return waitFor(there, { what: `the log of ${this.kind} to say ${text}`, timeoutMs }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.server.logText().slice(-2000)}`);
    });
  }

  /** Waits for a value of an INFO field. */
  becomes(name: string, wanted: string | ((value: string) => boolean), timeoutMs = 30_000): Promise<unknown> {
    return waitFor(
      async () => {
        const value = await this.info(name);
        if (value === undefined) throw new Error(`INFO has no ${name}`);
        if (typeof wanted === 'string' ? value !== wanted : !wanted(value)) throw new Error(`${name} is ${value}`);
        return true;
      },
      { what: `${name} ${typeof wanted === 'string' ? wanted : 'as expected'} on ${this.kind}`, timeoutMs },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.server.logText().slice(-2000)}`);
    });
  }
}

/** Starts nodes and proxies for one test, and stops them at its end. */
export class Scenario {
  readonly #t: TestContext;

  constructor(t: TestContext) {
    this.#t = t;
  }

  async start(kind: Kind, args: readonly string[] = [], options: ServerOptions = {}): Promise<Node> {
    const server = await (kind === 'redis' ? startRedis : startHeadwater)(args, options);
    this.#t.after(() => server.stop());
    return this.connect(kind, server);
  }

  async connect(kind: Kind, server: ServerProcess): Promise<Node> {
    const client = await connectRaw(server.port, { timeoutMs: 30_000 });
    this.#t.after(() => client.close());
    return new Node(kind, server, client);
  }

  /** A second client of a node. */
  async client(node: Node): Promise<RawClient> {
    const client = await connectRaw(node.port, { timeoutMs: 30_000 });
    this.#t.after(() => client.close());
    return client;
  }

  async proxy(target: { readonly port: number }): Promise<FaultProxy> {
    const proxy = await startProxy(target.port);
    this.#t.after(() => proxy.close());
    return proxy;
  }
}

/** The link of each replica is up, all have the master's offset, and all have the same data. The master comes first. */
export async function converged(...nodes: readonly Node[]): Promise<void> {
  for (const node of nodes.slice(1)) {
    await linkUp(node.client).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${node.server.logText().slice(-2000)}`);
    });
  }
  const clients = nodes.map((node) => node.client);
  await sameOffset(clients);
  // The master's own expiry may write between the two looks.
  await waitFor(
    async () => {
      await sameOffset(clients);
      return equalDigests(clients);
    },
    { what: 'equal data', timeoutMs: 60_000, intervalMs: 50 },
  );
}
