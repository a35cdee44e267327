/**
 * The sockets a server listens on: every `bind` address with `port` and, for TLS, with `tls-port`, and the unix socket. A leading
 * '-' on an address makes it optional, as in redis.conf.
 */
import type { Connection, Listener, ListenOptions, Network } from '../io/world.ts';
import type { Log } from '../base/ambient.ts';
import type { Settings } from '../base/settings.ts';
import type { Tls } from './tls.ts';
import { systemReason } from './config/system-reason.ts';

/** A socket that must be open cannot be. The message is the line that redis-server logs before it gives up. */
export class ListenError extends Error {
  override name = 'ListenError';
}

export class Listeners {
  readonly #network: Network;
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #accept: (connection: Connection) => void;
  readonly #tls: Tls;
  #tcp: Listener[] = [];
  #secure: Listener[] = [];
  #unix: Listener | undefined;
  /** The port that clients reach us on: `port`, or what the system chose for port 0 when embedded. */
  port = 0;

  constructor(network: Network, settings: Settings, log: Log, tls: Tls, accept: (connection: Connection) => void) {
    this.#network = network;
    this.#tls = tls;
    this.#settings = settings;
    this.#log = log;
    this.#accept = accept;
  }

  /** Opens all sockets that are configured. Rejects with a ListenError, after closing what was opened. */
  async open(): Promise<void> {
    if (!this.#tls.configure()) throw new ListenError('Failed to configure TLS. Check logs for more info.');
    try {
      if (this.#settings.port !== 0) await this.openTcp(this.#settings.port);
      await this.#openTls();
      await this.#openUnix();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Whether no client can reach us. */
  get none(): boolean {
    return this.#tcp.length === 0 && this.#secure.length === 0 && this.#unix === undefined;
  }

  /** Listens on `port` on all bind addresses (0: the system chooses one) besides what is open already. Rejects with a ListenError. */
  async openTcp(port: number): Promise<void> {
    const opened = await this.#bindAll(port, false);
    this.#tcp.push(...opened);
    if (opened[0] !== undefined) this.port = portOf(opened[0]);
  }

  async #openTls(): Promise<void> {
    const { tlsPort } = this.#settings;
    if (tlsPort !== 0) this.#secure.push(...(await this.#bindAll(tlsPort, true)));
  }

  async #bindAll(port: number, secure: boolean): Promise<Listener[]> {
    const kind = secure ? 'TLS' : 'TCP';
    const opened: Listener[] = [];
    try {
      for (const address of this.#settings.bind) {
        const optional = address.startsWith('-');
        const host = hostOf(optional ? address.slice(1) : address);
        try {
          const listener = await this.#listen(
            host,
            port === 0 && opened.length > 0 ? portOf(opened[0]!) : port,
            secure,
          );
          opened.push(listener);
        } catch (error) {
          const shown = optional ? address.slice(1) : address;
          this.#log.warning(
            `Warning: Could not create server TCP listening socket ${shown}:${port}: bind: ${systemReason(error)}`,
          );
          const code = (error as NodeJS.ErrnoException).code ?? '';
          if (unsupported.includes(code) || (optional && code === 'EADDRNOTAVAIL')) continue;
          throw new ListenError(`Failed listening on port ${port} (${kind}), aborting.`, { cause: error });
        }
      }
    } catch (error) {
      await Promise.all(opened.map((listener) => listener.close()));
      throw error;
    }
    if (opened.length === 0 && this.#settings.bind.length > 0)
      throw new ListenError(`Failed listening on port ${port} (${kind}), aborting.`);
    return opened;
  }

  /** Moves to other addresses or another port: the old sockets close only once the new ones are open, if they can be. */
  async reopenTcp(): Promise<void> {
    const old = this.#tcp;
    const samePort = old.length > 0 && portOf(old[0]!) === this.#settings.port;
    if (samePort) await Promise.all(old.map((listener) => listener.close()));
    this.#tcp = [];
    try {
      if (this.#settings.port !== 0) await this.openTcp(this.#settings.port);
    } catch (error) {
      if (!samePort) this.#tcp = old;
      throw error;
    }
    if (!samePort) await Promise.all(old.map((listener) => listener.close()));
  }

  /** The same for TLS; another certificate needs no new sockets. */
  async reopenTls(): Promise<void> {
    const old = this.#secure;
    const samePort = old.length > 0 && portOf(old[0]!) === this.#settings.tlsPort;
    if (samePort) await Promise.all(old.map((listener) => listener.close()));
    this.#secure = [];
    try {
      await this.#openTls();
    } catch (error) {
      if (!samePort) this.#secure = old;
      throw error;
    }
    if (!samePort) await Promise.all(old.map((listener) => listener.close()));
  }

  async close(): Promise<void> {
    const all = [...this.#tcp, ...this.#secure, ...(this.#unix === undefined ? [] : [this.#unix])];
    this.#tcp = [];
    this.#secure = [];
    this.#unix = undefined;
    await Promise.all(all.map((listener) => listener.close()));
  }

  async #openUnix(): Promise<void> {
    const { unixsocket, unixsocketperm } = this.#settings;
    if (unixsocket === '') return;
    const endpoint = { kind: 'unix', path: unixsocket } as const;
    const mode = unixsocketperm > 0 ? { unixMode: unixsocketperm } : {};
    try {
      this.#unix = await this.#network.listen({ endpoint, ...mode }, this.#accept);
    } catch (error) {
      throw new ListenError(`Failed opening Unix socket: bind: ${systemReason(error)}`, { cause: error });
    }
  }

  #listen(host: string, port: number, secure: boolean): Promise<Listener> {
    const options: ListenOptions = { endpoint: { kind: 'tcp', host, port }, backlog: this.#settings.tcpBacklog };
    if (!secure) return this.#network.listen(options, this.#accept);
    const tls = {
      context: () => this.#tls.context,
      refused: (reason: string) => this.#log.verbose(`Error accepting a client connection: ${reason}`),
    };
    return this.#network.listen({ ...options, tls }, this.#accept);
  }
}

/** A machine without a protocol that `bind` asks for does without it, as redis-server. */
const unsupported: readonly string[] = ['EAFNOSUPPORT', 'EPROTONOSUPPORT', 'EPFNOSUPPORT', 'ESOCKTNOSUPPORT'];

/** redis.conf's '*' is all IPv4 addresses, '::*' all IPv6 ones. */
function hostOf(address: string): string {
  if (address === '*') return '0.0.0.0';
  if (address === '::*') return '::';
  return address;
}

function portOf(listener: Listener): number {
  return listener.endpoint.kind === 'tcp' ? listener.endpoint.port : 0;
}
