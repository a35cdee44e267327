/**
 * CONFIG as clients use it, and what the server does when a directive changes: move to another port, write its log
 * elsewhere, follow another master.
 */
import type { ConfigurationService } from '../commands/services.ts';
import { isLocal } from '../commands/protected.ts';
import type { Session } from '../commands/session.ts';
import { refuseClients } from './open-files.ts';
import type { Server } from './server.ts';
import { tlsDirectives } from './tls.ts';

export class Configuration implements ConfigurationService {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    this.#listen();
  }

  get(patterns: readonly string[]): readonly (readonly [name: string, value: string])[] {
    this.#noteMaster();
    return this.#server.config.get(patterns);
  }

  set(
    pairs: readonly (readonly [name: string, value: string])[],
    session: Session,
  ): string | undefined | Promise<string | undefined> {
    return this.#server.config.set(pairs, {
      loading: this.#server.loading || this.#server.loadingAsync,
      local: isLocal(session),
    });
  }

  rewrite(): string | undefined {
    this.#noteMaster();
    const { acl, settings } = this.#server;
    this.#server.config.userLines = settings.aclfile === '' ? acl.lines : [];
    const { disk } = this.#server.world;
    return this.#server.config.rewrite({
      read: (path) => disk.readFileSync(path),
      replace: (path, bytes) => disk.replaceFileSync(path, bytes),
    });
  }

  isSecret(name: string): boolean {
    return this.#server.config.isSecret(name);
  }

  /** The master that REPLICAOF chose is what `replicaof` shows and what CONFIG REWRITE writes. */
  #noteMaster(): void {
    const link = this.#server.replication.link;
    this.#server.config.assign('replicaof', link === null ? ['no', 'one'] : [link.host, String(link.port)]);
  }

  #listen(): void {
    const server = this.#server;
    const { config, world } = server;
    config.onChange(['port', 'bind'], (_settings, name) =>
      server.listeners.reopenTcp().then(
        () => undefined,
        () =>
          name === 'bind'
            ? 'Failed to bind to specified addresses.'
            : 'Unable to listen on this port. Check server logs.',
      ),
    );
    const configureTls = (): string | undefined =>
      server.tls.configure() ? undefined : 'Unable to update TLS configuration. Check server logs.';
    config.onChange([...tlsDirectives, 'tls-replication'], configureTls);
    config.onChange(
      ['tls-port', 'bind'],
      (_settings, name) =>
        configureTls() ??
        server.listeners.reopenTls().then(
          () => undefined,
          () =>
            name === 'bind'
              ? 'Failed to bind to specified addresses.'
              : 'Unable to listen on this port. Check server logs.',
        ),
    );
    config.onChange('loglevel', (settings) => {
      world.log.setLevel(settings.loglevel);
      return undefined;
    });
    config.onChange('requirepass', (settings) => {
      server.acl.setDefaultPassword(settings.requirepass);
      return undefined;
    });
    config.onChange('maxclients', () => refuseClients(server));
    config.onChange('maxmemory-clients', () => {
      server.clients.countMemory();
      return undefined;
    });
    config.onChange('repl-backlog-size', () => {
      server.replication.backlog.resize();
      return undefined;
    });
    config.onChange('tracking-table-max-keys', () => {
      server.tracking.limit();
      return undefined;
    });
    config.onChange('maxmemory-policy', () => {
      server.store.space.policyChanged();
      return undefined;
    });
    config.onChange('maxmemory', ({ maxmemory }) => {
      const used = server.eviction.counted;
      if (maxmemory > 0 && used > maxmemory) {
        world.log.warning(
          `The new maxmemory value (${maxmemory}) is smaller than the memory in use (${used}): keys will be evicted, or ` +
            'commands that need memory refused, as maxmemory-policy says.',
        );
        server.eviction.start();
      }
      return undefined;
    });
    config.onChange('appendonly', (settings) => {
      if (settings.appendonly === server.aof.enabled) return undefined;
      if (settings.appendonly) return server.aof.turnOn(server.call.inExec);
      server.aof.turnOff();
      return undefined;
    });
    const thresholds = ['slowlog-log-slower-than', 'slowlog-max-len', 'latency-monitor-threshold'];
    config.onChange(thresholds, () => {
      server.slowlog.trim();
      server.timing.settingsChanged();
      return undefined;
    });
    config.onChange('save', () => {
      server.rdb.savePointsChanged();
      return undefined;
    });
  }
}
