/**
 * `maxmemory-clients`: while clients take more memory together, those that take most are closed. Links of replicas and
 * masters do not count, and CLIENT NO-EVICT protects a client.
 *
 * A client is counted again whenever its buffers may have grown, and all of them once a second; without a limit nothing is
 * counted. Victims are chosen at the end of a turn, so that nobody goes in the middle of a command.
 */
import type { Settings } from '../base/settings.ts';
import { clientMemory } from '../commands/client-memory.ts';
import type { Client } from './client.ts';

/** With a limit below this one could not even change it any more. */
const LEAST_LIMIT_BYTES = 128 * 1024;

export class ClientEviction {
  readonly #settings: Settings;
  readonly #bytes: Map<Client, number> = new Map();
  #total = 0;
  /** Clients closed so far (INFO evicted_clients). */
  evicted = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  get limited(): boolean {
    return this.#settings.maxmemoryClients !== 0;
  }

  /** The client's buffers have changed. */
  count(client: Client): void {
    const { session } = client;
    const counts = !session.closed && session.class !== 'replica' && session.class !== 'master';
    const bytes = counts ? clientMemory(session) : 0;
    this.#total += bytes - (this.#bytes.get(client) ?? 0);
    if (counts) this.#bytes.set(client, bytes);
    else this.#bytes.delete(client);
  }

  /** `evict` closes a client. */
  run(evict: (client: Client) => void): void {
    const limit = this.#limit();
    if (this.#total < limit) return;
    const largestFirst = [...this.#bytes].toSorted(([, a], [, b]) => b - a);
    for (const [client, bytes] of largestFirst) {
      if (this.#total < limit) return;
      if (client.session.noEvict) continue;
      this.#bytes.delete(client);
      this.#total -= bytes;
      this.evicted++;
      evict(client);
    }
  }

  /** Bytes; a negative setting is a percentage of maxmemory, which may be none. */
  #limit(): number {
    const { maxmemoryClients, maxmemory } = this.#settings;
    if (maxmemoryClients > 0) return Math.max(maxmemoryClients, LEAST_LIMIT_BYTES);
    if (maxmemory === 0) return Infinity;
    return Math.max(Math.floor((maxmemory * -maxmemoryClients) / 100), LEAST_LIMIT_BYTES);
  }
}
