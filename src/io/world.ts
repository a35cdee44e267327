/**
 * The seams to the outside: everything the server does to the world goes through a `World`.
 * Production passes `nodeWorld()`; simulation passes a world with a virtual clock, a faulty
 * network and a faulty disk. Layers below `io/` see only these interfaces.
 */
import type { Clock, Log, LogLevel, Random } from '../base/ambient.ts';

export interface World {
  readonly clock: Clock;
  readonly network: Network;
  readonly disk: Disk;
  readonly random: Random;
  readonly log: ServerLog;
  readonly process: ProcessFacts;
}

/** The letter after the pid in a log line: master, replica, saving child, sentinel. */
export type LogRole = 'M' | 'S' | 'C' | 'X';

/** The log of one server: Redis's line format, with what CONFIG SET and a change of role may alter. */
export interface ServerLog extends Log {
  /** Lines below this level are dropped. */
  setLevel(level: LogLevel): void;
  setRole(role: LogRole): void;
  /** Appends to this file from now on; an empty path means standard output. */
  setFile(path: string): void;
  /** Writes text as it is, without prefix and whatever the level (the start-up banner). */
  raw(text: string): void;
  /** Writes now what waits for the end of this turn of the event loop: before the process ends, or is busy for long. */
  flush(): void;
}

export type Signal = 'SIGTERM' | 'SIGINT';

/** What INFO tells about the process, and the signals it gets. */
export interface ProcessFacts {
  readonly pid: number;
  /** Absolute path of the running program (INFO `executable`). */
  readonly executable: string;
  /** System name, release and machine, for example "Linux 6.1.0 x86_64". */
  readonly os: string;
  readonly archBits: 32 | 64;
  /** For example "v20.20.2". */
  readonly nodeVersion: string;
  /** Physical memory of the machine. */
  readonly totalMemoryBytes: number;
  /** Files and sockets that may be open at once (`ulimit -n`); Infinity where that is not known. */
  readonly mostOpenFiles: number;
  /** Working directory at the start: relative `dir`, `logfile` and `unixsocket` paths resolve against it. */
  readonly workingDirectory: string;
  memory(): ProcessMemory;
  cpu(): ProcessCpu;
  /** Calls `task` at each arrival of the signal instead of ending the process; returns how to stop that. */
  onSignal(signal: Signal, task: () => void): () => void;
  /** What ps shows for this process; cut to the room that the command line left. */
  setTitle(title: string): void;
  /** How readily the kernel ends this process when memory runs out, -1000 to 1000. Both throw where there is no such thing. */
  oomScoreAdj(): number;
  setOomScoreAdj(score: number): void;
}

export interface ProcessMemory {
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  /** Off the JS heap but owned by it: Buffers, ArrayBuffers (an arena's SharedArrayBuffers included). */
  readonly externalBytes: number;
}

export interface ProcessCpu {
  readonly userMicros: number;
  readonly systemMicros: number;
}

/** Where to listen or connect: TCP, or a unix socket path. */
export type Endpoint =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export interface Network {
  /**
   * Starts listening; resolves once bound, with the real port (for port 0). Rejects with the system's
   * error (`code` EADDRINUSE, EACCES, ...).
   */
  listen(options: ListenOptions, accept: (connection: Connection) => void): Promise<Listener>;
  /** Starts connecting; the connection reports `onOpen` or `onClose(error)`. */
  connect(endpoint: Endpoint, options?: ConnectOptions): Connection;
  /** Reads certificates and keys. Throws a TlsConfigError. */
  tls(options: TlsOptions): TlsContext;
}

/** Certificates and rules for TLS connections, ready to use; made by `Network.tls` for that network. */
export interface TlsContext {
  readonly kind: 'tls';
}

/** What is wrong with TlsOptions, in the words of redis-server's log. */
export class TlsConfigError extends Error {
  override name = 'TlsConfigError';
}

/** The `tls-*` directives; empty text where one is not set. */
export interface TlsOptions {
  readonly certFile: string;
  readonly keyFile: string;
  readonly keyFilePass: string;
  /** For connections that we open; those above if empty. */
  readonly clientCertFile: string;
  readonly clientKeyFile: string;
  readonly clientKeyFilePass: string;
  readonly caCertFile: string;
  readonly caCertDir: string;
  readonly dhParamsFile: string;
  /** Whether clients must show a certificate. */
  readonly authClients: 'no' | 'yes' | 'optional';
  /** For example "TLSv1.2 TLSv1.3", which is the default. */
  readonly protocols: string;
  readonly ciphers: string;
  readonly ciphersuites: string;
  readonly preferServerCiphers: boolean;
  readonly sessionCaching: boolean;
  readonly sessionCacheTimeoutSeconds: number;
}

export interface ListenOptions {
  readonly endpoint: Endpoint;
  readonly backlog?: number;
  /** File mode of a unix socket, for example 0o700. */
  readonly unixMode?: number;
  /** Clients speak TLS. Asked for each connection, so that a new certificate serves from the next one on. */
  readonly tls?: {
    readonly context: () => TlsContext;
    /** A handshake failed. */
    readonly refused: (reason: string) => void;
  };
}

export interface ConnectOptions {
  /** Local address to bind the outgoing connection to. */
  readonly sourceAddress?: string;
  readonly tls?: TlsContext;
}

export interface Listener {
  /** The bound endpoint, with the real port. */
  readonly endpoint: Endpoint;
  /** Stops accepting; open connections live on. Resolves once the port is free. */
  close(): Promise<void>;
}

/**
 * One byte-stream connection. Events arrive on the handlers set with `handle`, which must happen before
 * `accept` or the code that called `connect` returns; they may be replaced at any time (a client
 * connection that becomes a replica link). No event arrives during a call of one of these methods, and
 * none after `onClose`. `write` after `end` or on a closed connection drops the bytes and returns true.
 */
export interface Connection {
  handle(handlers: ConnectionHandlers): void;
  /**
   * Queues bytes. The connection may keep `bytes` until they are sent: returns true if the kernel took
   * everything at once (the caller may reuse the buffer), false if the buffer now belongs to the connection.
   */
  write(bytes: Uint8Array): boolean;
  /** Bytes queued in this process and not yet taken by the kernel. */
  readonly pendingBytes: number;
  /** Stops delivering `onData` until `resume`. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. No `onData` after it. Unbounded if the peer never reads: `destroy` then. */
  end(): void;
  /** Closes at once; queued bytes are lost. */
  destroy(): void;
  readonly closed: boolean;
  setNoDelay(on: boolean): void;
  /** `idleSeconds` 0 turns TCP keepalive off. */
  setKeepAlive(idleSeconds: number): void;
  /** "ip:port" ("[v6]:port"), or "path:0" for a unix socket: the form CLIENT LIST shows. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** Bare peer address without a port; empty for a unix socket. */
  readonly remoteHost: string;
  readonly isUnix: boolean;
  /** File descriptor as CLIENT LIST shows it; -1 when unknown. */
  readonly descriptor: number;
}

export interface ConnectionHandlers {
  /** An outgoing connection is established. */
  onOpen?(): void;
  /**
   * The bytes are valid only during the call: the next read of any connection overwrites them. Copy what is
   * needed later, and do not pass views of them to `write`.
   */
  onData(bytes: Uint8Array): void;
  /** All queued bytes were taken by the kernel after `write` had returned false. */
  onDrain?(): void;
  /**
   * The peer sent its last byte (half-close); it may still read. Without this handler the connection
   * ends once what was already written, and what is written in this turn, is sent.
   */
  onEnd?(): void;
  /** The connection is gone, with the error if there was one. Called exactly once. */
  onClose(error?: NodeJS.ErrnoException): void;
}

export interface Disk {
  readFile(path: string): Promise<Uint8Array>;
  readFileSync(path: string): Uint8Array;
  exists(path: string): boolean;
  /** Opens for writing, truncating. */
  create(path: string): Promise<DiskFile>;
  createSync(path: string): DiskFile;
  renameSync(from: string, to: string): void;
  removeSync(path: string): void;
  syncDirectorySync(path: string): void;
  /** Opens for reading in chunks. */
  openRead(path: string): Promise<DiskReader>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Flushes a directory's entries, so that a rename survives a power cut. */
  syncDirectory(path: string): Promise<void>;
  /** Writes a whole small file atomically (temporary file, fsync, rename). */
  replaceFileSync(path: string, bytes: Uint8Array): void;
  /** Opens for appending; creates the file if it is not there, and empties it first if `empty`. */
  openAppendSync(path: string, empty: boolean): AppendFile;
  /** Bytes of a file. */
  sizeSync(path: string): number;
  /** Cuts a file to its first `bytes` bytes. */
  truncateSync(path: string, bytes: number): void;
  /** Makes one directory; nothing happens if it is there. Throws ENOTDIR if something else is. */
  makeDirectorySync(path: string): void;
}

/** A file that only grows at its end, by whole pieces: the append only file. */
export interface AppendFile {
  sizeSync(): number;
  /** Appends; returns how many bytes the system took, which may be fewer. */
  appendSync(bytes: Uint8Array): number;
  /** Takes the end of the file back to `bytes`. */
  truncateSync(bytes: number): void;
  /** Flushes the data (and the length) to the disk. */
  syncSync(): void;
  sync(): Promise<void>;
  closeSync(): void;
}

export interface DiskFile {
  write(bytes: Uint8Array): Promise<void>;
  writeSync(bytes: Uint8Array): void;
  sync(): Promise<void>;
  syncSync(): void;
  close(): Promise<void>;
  closeSync(): void;
}

export interface DiskReader {
  readonly size: number;
  /** Reads the next bytes into `target`; 0 at the end. */
  read(target: Uint8Array): Promise<number>;
  close(): Promise<void>;
}
