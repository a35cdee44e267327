/**
 * TCP and unix sockets over node:net. The rules it keeps:
 * - `write` tells whether the kernel took everything at once, so that the caller can reuse its buffer;
 * - `onDrain` comes exactly when the last byte that had to wait was taken;
 * - a peer that shuts down its sending side still gets its replies;
 * - `onClose` comes exactly once and last.
 */
import { lstatSync, chmodSync, unlinkSync } from 'node:fs';
import * as net from 'node:net';
import { NOTHING } from '../base/nothing.ts';
import { NodeTlsContext } from './node-tls.ts';
import { type OpenSocket, SharedReads } from './shared-reads.ts';
import type {
  ConnectOptions,
  Connection,
  ConnectionHandlers,
  Endpoint,
  Listener,
  ListenOptions,
  Network,
  TlsContext,
  TlsOptions,
} from './world.ts';

export interface NodeNetworkOptions {
  /** Overwrites what `onData` got when it returns, to find code that keeps it. Default: $HEADWATER_SCRUB_READS is 1. */
  readonly scrubReads?: boolean;
}

export function nodeNetwork(options: NodeNetworkOptions = {}): Network {
  return new NodeNetwork(options.scrubReads ?? process.env['HEADWATER_SCRUB_READS'] === '1');
}

/** Length of the kernel's queue of connections not yet accepted: Redis's tcp-backlog. */
const defaultBacklog = 511;

/** How long one address of a name with several may take before the next is tried. */
const addressAttemptMs = 2000;

class NodeNetwork implements Network {
  readonly #reads: SharedReads;

  constructor(scrubReads: boolean) {
    this.#reads = new SharedReads(scrubReads);
  }

  listen(options: ListenOptions, accept: (connection: Connection) => void): Promise<Listener> {
    const { endpoint } = options;
    const backlog = options.backlog ?? defaultBacklog;
    const noDelay = endpoint.kind === 'tcp';
    const take = (open: OpenSocket): void => {
      const connection = new NodeConnection(endpoint);
      connection.attach(open(connection.receive));
      connection.opened();
      accept(connection);
    };
    const accepted = (socket: net.Socket): void => take((deliver) => socket.on('data', deliver));
    const listener = options.tls === undefined ? accepted : secureAcceptor(options.tls, accepted);
    const server = net.createServer({ allowHalfOpen: true, noDelay }, listener);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      const bound = (): void => {
        server.off('error', reject);
        // An accept that fails (out of descriptors) must not end the process; the kernel keeps the client queued.
        server.on('error', () => {});
        try {
          if (endpoint.kind === 'unix' && options.unixMode !== undefined) chmodSync(endpoint.path, options.unixMode);
        } catch (error) {
          server.close();
          reject(error as Error);
          return;
        }
        if (options.tls === undefined) this.#reads.acceptFrom(server, noDelay, take);
        resolve(new NodeListener(server, boundEndpoint(server, endpoint)));
      };
      if (endpoint.kind === 'unix') {
        removeStaleSocket(endpoint.path);
        server.listen({ path: endpoint.path, backlog }, bound);
      } else {
        const { host, port } = endpoint;
        // "::" must not take IPv4 too: Redis binds "*" and "-::*" separately.
        server.listen({ host, port, backlog, ipv6Only: host.includes(':'), exclusive: true }, bound);
      }
    });
  }

  tls(options: TlsOptions): TlsContext {
    return new NodeTlsContext(options);
  }

  connect(endpoint: Endpoint, options: ConnectOptions = {}): Connection {
    const connection = new NodeConnection(endpoint);
    if (options.tls !== undefined) return connectSecurely(connection, endpoint, options);
    const common = { allowHalfOpen: true, onread: this.#reads.onread(connection.receive) };
    const socket =
      endpoint.kind === 'unix'
        ? net.connect({ ...common, path: endpoint.path })
        : net.connect({
            ...common,
            host: endpoint.host,
            port: endpoint.port,
            noDelay: true,
            autoSelectFamilyAttemptTimeout: addressAttemptMs,
            ...(options.sourceAddress === undefined ? {} : { localAddress: options.sourceAddress }),
          });
    connection.attach(socket);
    socket.once('connect', () => connection.opened());
    // Without a 'data' listener the stream would not flow, and its end would go unnoticed.
    socket.resume();
    return connection;
  }
}

/** Gives TLS to plain sockets; they are `accepted` once the handshake is done. */
function secureAcceptor(
  tls: NonNullable<ListenOptions['tls']>,
  accepted: (socket: net.Socket) => void,
): (plain: net.Socket) => void {
  let current: TlsContext | undefined;
  let take: (plain: net.Socket) => void = () => {};
  return (plain) => {
    const context = tls.context();
    if (context !== current) {
      current = context;
      take = (context as NodeTlsContext).acceptor({ accepted, refused: tls.refused });
    }
    take(plain);
  };
}

function connectSecurely(connection: NodeConnection, endpoint: Endpoint, options: ConnectOptions): Connection {
  const { sourceAddress } = options;
  const target =
    endpoint.kind === 'unix'
      ? { path: endpoint.path }
      : {
          host: endpoint.host,
          port: endpoint.port,
          autoSelectFamilyAttemptTimeout: addressAttemptMs,
          ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
        };
  const socket = (options.tls as NodeTlsContext).connect({ ...target, allowHalfOpen: true });
  connection.attach(socket);
  socket.once('secureConnect', () => connection.opened());
  socket.on('data', connection.receive);
  return connection;
}

class NodeListener implements Listener {
  readonly endpoint: Endpoint;
  readonly #server: net.Server;

  constructor(server: net.Server, endpoint: Endpoint) {
    this.#server = server;
    this.endpoint = endpoint;
  }

  close(): Promise<void> {
    // The socket itself closes during this call; the server's 'close' event would wait for all connections.
    this.#server.close();
    return new Promise((resolve) => setImmediate(resolve));
  }
}

const ignoring: ConnectionHandlers = { onData() {}, onClose() {} };

class NodeConnection implements Connection {
  readonly isUnix: boolean;
  remoteAddress = '';
  localAddress = '';
  remoteHost = '';
  readonly #endpoint: Endpoint;
  #socket!: net.Socket;
  #handlers: ConnectionHandlers = ignoring;
  #error: NodeJS.ErrnoException | undefined;
  #ending = false;
  #destroyed = false;
  #gone = false;
  #awaitingDrain = false;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    this.isUnix = endpoint.kind === 'unix';
  }

  /** What the socket reads goes here. */
  readonly receive = (bytes: Uint8Array): void => {
    if (!this.#ending) this.#handlers.onData(bytes);
  };

  /** Gives it its socket: once, directly after the constructor. */
  attach(socket: net.Socket): void {
    this.#socket = socket;
    socket.on('end', () => this.#peerEnded());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = firstCause(error);
    });
    socket.once('close', () => {
      this.#ending = true;
      this.#destroyed = true;
      this.#gone = true;
      const handlers = this.#handlers;
      this.#handlers = ignoring;
      handlers.onClose(this.#error);
    });
  }

  /** Connected. The addresses are kept, because the socket forgets them when it closes. */
  opened(): void {
    const endpoint = this.#endpoint;
    const socket = this.#socket;
    if (endpoint.kind === 'tcp') {
      this.remoteHost = socket.remoteAddress ?? '';
      this.remoteAddress = hostAndPort(this.remoteHost, socket.remotePort);
      this.localAddress = hostAndPort(socket.localAddress ?? '', socket.localPort);
    } else {
      this.remoteAddress = this.localAddress = `${endpoint.path}:0`;
    }
    if (!this.#destroyed) this.#handlers.onOpen?.();
  }

  handle(handlers: ConnectionHandlers): void {
    if (!this.#gone) this.#handlers = handlers;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ending) return true;
    const socket = this.#socket;
    socket.write(bytes);
    if (socket.writableLength === 0) return true;
    if (!this.#awaitingDrain) {
      this.#awaitingDrain = true;
      socket.write(NOTHING, this.#flushed);
    }
    return false;
  }

  /** Node's own 'drain' comes only above its high-water mark; an empty write at the end of the queue tells every time. */
  readonly #flushed = (): void => {
    if (this.#destroyed) return;
    if (this.#socket.writableLength > 0) {
      if (!this.#ending) this.#socket.write(NOTHING, this.#flushed);
      return;
    }
    this.#awaitingDrain = false;
    if (!this.#ending) this.#handlers.onDrain?.();
  };

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    // A paused socket would not notice that the peer is gone; what still arrives is dropped.
    this.#socket.resume();
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#ending = true;
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#socket.destroy();
  }

  get closed(): boolean {
    return this.#destroyed || this.#gone;
  }

  setNoDelay(on: boolean): void {
    if (!this.isUnix) this.#socket.setNoDelay(on);
  }

  setKeepAlive(idleSeconds: number): void {
    if (!this.isUnix) this.#socket.setKeepAlive(idleSeconds > 0, idleSeconds * 1000);
  }

  get descriptor(): number {
    const handle = (this.#socket as unknown as { readonly _handle?: { readonly fd?: number } | null })._handle;
    return handle?.fd ?? -1;
  }

  #peerEnded(): void {
    if (this.#ending) return;
    if (this.#handlers.onEnd !== undefined) {
      this.#handlers.onEnd();
      return;
    }
    // Replies to the last bytes may be written at the end of this turn only.
    setImmediate(() => this.end());
  }
}

function hostAndPort(host: string, port: number | undefined): string {
  return host.includes(':') ? `[${host}]:${port ?? 0}` : `${host}:${port ?? 0}`;
}

function boundEndpoint(server: net.Server, endpoint: Endpoint): Endpoint {
  const address = server.address();
  if (endpoint.kind === 'unix' || address === null || typeof address === 'string') return endpoint;
  return { kind: 'tcp', host: endpoint.host, port: address.port };
}

/** A server that died leaves its socket file behind, and binding to it would fail. Other files are not touched. */
function removeStaleSocket(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(path);
}

/** A name with several addresses fails with one error for each and no message of its own. */
function firstCause(error: NodeJS.ErrnoException): NodeJS.ErrnoException {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors[0] as NodeJS.ErrnoException;
  return error;
}
