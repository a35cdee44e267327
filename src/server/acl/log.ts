/**
 * ACL LOG: the newest refusals, and how many there were of each kind (INFO acl_access_denied_*). The same refusal again
 * within a minute counts up its entry and moves it to the front; only the newest few entries are compared.
 */
import type { AclLogEntry } from '../../commands/services.ts';
import type { DenialReason } from './selector.ts';

export type LogReason = DenialReason | 'auth';

/** Refusals further apart are entries of their own, ms. */
const GROUPING_MS = 60_000;
/** Entries that a new refusal is compared with. */
const COMPARED = 10;

export class AclLog {
  #entries: AclLogEntry[] = [];
  #nextId = 0;
  /** Refusals so far, for INFO. */
  readonly denied: { [Reason in LogReason]: number } = { auth: 0, command: 0, key: 0, channel: 0 };

  /** `maxLength`: acllog-max-len; older entries go. */
  add(
    entry: Omit<AclLogEntry, 'id' | 'count' | 'createdAt'> & { readonly reason: LogReason },
    maxLength: number,
  ): void {
    this.denied[entry.reason]++;
    const known = this.#entries
      .slice(0, COMPARED)
      .find(
        (other) =>
          other.reason === entry.reason &&
          other.context === entry.context &&
          Math.abs(entry.updatedAt - other.updatedAt) <= GROUPING_MS &&
          other.object === entry.object &&
          other.user === entry.user,
      );
    if (known !== undefined) {
      this.#entries = this.#entries.filter((other) => other !== known);
      this.#entries.unshift({ ...known, ...entry, count: known.count + 1 });
      return;
    }
    this.#entries.unshift({ ...entry, id: this.#nextId++, count: 1, createdAt: entry.updatedAt });
    this.#entries.length = Math.min(this.#entries.length, maxLength);
  }

  /** Newest first. */
  get entries(): readonly AclLogEntry[] {
    return this.#entries;
  }

  clear(): void {
    this.#entries = [];
  }

  resetStatistics(): void {
    this.denied.auth = this.denied.command = this.denied.key = this.denied.channel = 0;
  }
}
