/**
 * TLS over node:tls, configured as redis.conf does it. A context is built from files at once, so that a wrong one is refused
 * when it is configured and not when the first client comes; connections keep the context they began with.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type * as net from 'node:net';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { constants } from 'node:crypto';
import { TlsConfigError, type TlsContext, type TlsOptions } from './world.ts';

const versions: readonly tls.SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/** A handshake that takes longer is given up, ms. */
const handshakeMs = 10_000;

export interface TlsEvents {
  accepted(socket: tls.TLSSocket): void;
  refused(reason: string): void;
}

export class NodeTlsContext implements TlsContext {
  readonly kind = 'tls';
  readonly #server: tls.TlsOptions;
  readonly #client: tls.SecureContext;

  /** Throws a TlsConfigError that says which part is wrong. */
  constructor(options: TlsOptions) {
    const common = commonOptions(options);
    const own = identity(options.certFile, options.keyFile, options.keyFilePass);
    const [clientCert, clientKey] =
      options.clientCertFile === ''
        ? [options.certFile, options.keyFile]
        : [options.clientCertFile, options.clientKeyFile];
    const pass = options.clientCertFile === '' ? options.keyFilePass : options.clientKeyFilePass;
    const { authClients } = options;
    this.#server = {
      ...common,
      ...own,
      honorCipherOrder: options.preferServerCiphers,
      requestCert: authClients !== 'no',
      // An optional certificate is looked at in `accept`.
      rejectUnauthorized: authClients === 'yes',
      sessionTimeout: options.sessionCacheTimeoutSeconds,
      handshakeTimeout: handshakeMs,
      ...(options.dhParamsFile === '' ? {} : { dhparam: read(options.dhParamsFile, 'Failed to open DH params file') }),
      ...(options.sessionCaching ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
    };
    secure(this.#server);
    this.#client = secure({ ...common, ...identity(clientCert, clientKey, pass) });
  }

  /** Makes sockets of plain accepted ones: give each to the returned function. */
  acceptor(events: TlsEvents): (plain: net.Socket) => void {
    const server = tls.createServer({ ...this.#server, allowHalfOpen: true } as tls.TlsOptions, (socket) => {
      const given = this.#server.requestCert === true && Object.keys(socket.getPeerCertificate()).length > 0;
      if (given && !socket.authorized) {
        events.refused(`certificate verify failed: ${String(socket.authorizationError)}`);
        socket.destroy();
        return;
      }
      events.accepted(socket);
    });
    server.on('tlsClientError', (error, socket) => {
      events.refused(error.message);
      socket.destroy();
    });
    return (plain) => {
      server.emit('connection', plain);
    };
  }

  /** As a client: the peer's certificate must come from our authorities; its name does not matter, as in Redis. */
  connect(target: tls.ConnectionOptions & { readonly allowHalfOpen?: boolean }): tls.TLSSocket {
    return tls.connect({
      ...target,
      secureContext: this.#client,
      rejectUnauthorized: true,
      checkServerIdentity: () => undefined,
    });
  }
}

function commonOptions(options: TlsOptions): tls.SecureContextOptions {
  const wanted = options.protocols.split(' ').filter((word) => word !== '');
  const range = wanted.map((word) => versions.findIndex((version) => version.toLowerCase() === word.toLowerCase()));
  if (range.includes(-1))
    throw new TlsConfigError(
      "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.",
    );
  const ciphers = [options.ciphersuites, options.ciphers].filter((list) => list !== '').join(':');
  if (ciphers !== '') {
    try {
      tls.createSecureContext({ ciphers });
    } catch {
      throw new TlsConfigError(`Failed to configure ciphers: ${ciphers}`);
    }
  }
  const authorities = caFiles(options).map((path) =>
    read(path, 'Failed to configure CA certificate(s) file/directory'),
  );
  return {
    minVersion: range.length === 0 ? 'TLSv1.2' : versions[Math.min(...range)]!,
    maxVersion: range.length === 0 ? 'TLSv1.3' : versions[Math.max(...range)]!,
    ...(ciphers === '' ? {} : { ciphers }),
    ...(authorities.length === 0 ? {} : { ca: authorities }),
  };
}

function caFiles(options: TlsOptions): string[] {
  const files = options.caCertFile === '' ? [] : [options.caCertFile];
  if (options.caCertDir === '') return files;
  try {
    const inside = readdirSync(options.caCertDir, { withFileTypes: true });
    return [...files, ...inside.filter((entry) => !entry.isDirectory()).map((e) => join(options.caCertDir, e.name))];
  } catch (error) {
    throw new TlsConfigError(`Failed to configure CA certificate(s) file/directory: ${String(error)}`);
  }
}

/** Certificate and key, looked at one by one, so that the error names the one that is wrong. */
function identity(certFile: string, keyFile: string, passphrase: string): tls.SecureContextOptions {
  const cert = read(certFile, 'Failed to load certificate');
  const key = read(keyFile, 'Failed to load private key');
  attempt({ cert }, `Failed to load certificate: ${certFile}`);
  const options = passphrase === '' ? { key } : { key, passphrase };
  attempt({ cert, ...options }, `Failed to load private key: ${keyFile}`);
  return { cert, ...options };
}

function attempt(options: tls.SecureContextOptions, what: string): void {
  try {
    tls.createSecureContext(options);
  } catch (error) {
    throw new TlsConfigError(`${what}: ${(error as Error).message}`);
  }
}

function secure(options: tls.SecureContextOptions): tls.SecureContext {
  try {
    return tls.createSecureContext(options);
  } catch (error) {
    throw new TlsConfigError(`Failed to configure TLS: ${(error as Error).message}`);
  }
}

function read(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TlsConfigError(`${what}: ${path}: ${(error as Error).message}`);
  }
}
