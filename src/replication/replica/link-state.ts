/**
 * The states of a link to a master, and what it asks of its owner (upstream.ts) on its way through them.
 *
 *   waiting -> connecting -> handshake -> transfer -> loading -> connected
 *      ^-----------'------------'-----------'----------'------------'          (stopped: from anywhere, for good)
 */
import type { SyncStart } from './transfer.ts';

export type LinkTag = 'waiting' | 'connecting' | 'handshake' | 'transfer' | 'loading' | 'connected' | 'stopped';

export const legalLink: { readonly [T in LinkTag]: readonly LinkTag[] } = {
  waiting: ['connecting', 'stopped'],
  connecting: ['handshake', 'waiting', 'stopped'],
  handshake: ['transfer', 'connected', 'waiting', 'stopped'],
  transfer: ['loading', 'waiting', 'stopped'],
  loading: ['connected', 'waiting', 'stopped'],
  connected: ['waiting', 'stopped'],
  stopped: [],
};

/** What the link changes outside itself; implemented by `Upstream`. */
export interface LinkOwner {
  /** What we have and can continue from. */
  cached(): { readonly replid: string; readonly nextOffset: number } | null;
  /** A failover: our PSYNC makes the other side a master. */
  handsOver(): boolean;
  /** Its answer to that. */
  handedOver(accepted: boolean): void;
  /**
   * Why this payload is not wanted; null if it is. `keys` is null before it has come, `followedBefore`: this link was up
   * before.
   */
  refuses(offset: number | null, keys: number | null, followedBefore: boolean): string | null;
  /** The new data is being swapped in: take over the master's history. Null: it named none (SYNC). */
  fullySynced(start: SyncStart): void;
  /** +CONTINUE. Returns the database that the stream has selected. */
  continued(replid: string | null): number;
  /** So many bytes came from the master. */
  received(length: number): void;
  /** Whole commands were applied: count them and pass them on. */
  applied(bytes: Uint8Array, at: number, length: number): void;
  /** A burst was applied: sub-replicas may be flushed. */
  appliedBurst(): void;
  /** A working link is gone. Null: nothing to continue from. */
  lost(selectedDb: number | null): void;
  masterReplOffset(): number;
  replid(): string;
}
