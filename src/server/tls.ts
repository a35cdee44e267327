/**
 * TLS as the `tls-*` directives have it: the context that new connections get. It is rebuilt whenever one of them changes, so
 * certificates are renewed without a restart; what does not work is refused and the old context stays.
 */
import type { Log } from '../base/ambient.ts';
import type { Settings } from '../base/settings.ts';
import { type Network, TlsConfigError, type TlsContext } from '../io/world.ts';

/** Directives that the context depends on, besides `tls-port` and `tls-replication`. */
export const tlsDirectives = [
  'tls-cert-file',
  'tls-key-file',
  'tls-key-file-pass',
  'tls-client-cert-file',
  'tls-client-key-file',
  'tls-client-key-file-pass',
  'tls-dh-params-file',
  'tls-ca-cert-file',
  'tls-ca-cert-dir',
  'tls-protocols',
  'tls-ciphers',
  'tls-ciphersuites',
  'tls-auth-clients',
  'tls-prefer-server-ciphers',
  'tls-session-caching',
  'tls-session-cache-timeout',
] as const;

export class Tls {
  readonly #network: Network;
  readonly #settings: Settings;
  readonly #log: Log;
  #context: TlsContext | undefined;

  constructor(network: Network, settings: Settings, log: Log) {
    this.#network = network;
    this.#settings = settings;
    this.#log = log;
  }

  /** Whether anything here speaks TLS. */
  get wanted(): boolean {
    return this.#settings.tlsPort !== 0 || this.#settings.tlsReplication;
  }

  /** What links to our master use; undefined for plain TCP. */
  get forReplication(): TlsContext | undefined {
    return this.#settings.tlsReplication ? this.#context : undefined;
  }

  get context(): TlsContext {
    if (this.#context === undefined) throw new Error('TLS is not configured');
    return this.#context;
  }

  /** Builds the context anew, if TLS is wanted. False, with the reason in the log, if that is impossible. */
  configure(): boolean {
    if (!this.wanted) return true;
    try {
      this.#context = this.#build();
      return true;
    } catch (error) {
      if (!(error instanceof TlsConfigError)) throw error;
      this.#log.warning(error.message);
      return false;
    }
  }

  #build(): TlsContext {
    const settings = this.#settings;
    if (settings.tlsCertFile === '') throw new TlsConfigError('No tls-cert-file configured!');
    if (settings.tlsKeyFile === '') throw new TlsConfigError('No tls-key-file configured!');
    const needsAuthority = settings.tlsReplication || settings.tlsAuthClients !== 'no';
    if (needsAuthority && settings.tlsCaCertFile === '' && settings.tlsCaCertDir === '')
      throw new TlsConfigError(
        'Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, tls-replication or ' +
          'tls-auth-clients are enabled!',
      );
    return this.#network.tls({
      certFile: settings.tlsCertFile,
      keyFile: settings.tlsKeyFile,
      keyFilePass: settings.tlsKeyFilePass,
      clientCertFile: settings.tlsClientCertFile,
      clientKeyFile: settings.tlsClientKeyFile,
      clientKeyFilePass: settings.tlsClientKeyFilePass,
      caCertFile: settings.tlsCaCertFile,
      caCertDir: settings.tlsCaCertDir,
      dhParamsFile: settings.tlsDhParamsFile,
      authClients: settings.tlsAuthClients,
      protocols: settings.tlsProtocols,
      ciphers: settings.tlsCiphers,
      ciphersuites: settings.tlsCiphersuites,
      preferServerCiphers: settings.tlsPreferServerCiphers,
      sessionCaching: settings.tlsSessionCaching,
      sessionCacheTimeoutSeconds: settings.tlsSessionCacheTimeout,
    });
  }
}
