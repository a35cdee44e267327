/**
 * What a command did to the fields of the hash at argument 1, while it gives them expiries or takes them away: deletes those
 * whose time is past already, and tells replicas, watchers and listeners in the end.
 */
import { keyspaceEvents } from '../base/settings.ts';
import type { Address } from '../memory/arena.ts';
import type { Call } from './call.ts';

/** Removes the field at argument `index`, and with the last one the key. Returns the entry, or 0 if the key is gone. */
export function removeField(call: Call, entry: Address, index: number): Address {
  const { args } = call;
  const { hashes } = call.store;
  hashes.remove(entry, args.bytes, args.at[index]!, args.length[index]!);
  if (hashes.length(entry) > 0) return entry;
  call.removeKey(1);
  return 0;
}

export class FieldChanges {
  /** Indexes of the arguments that name fields with a new expiry. */
  readonly updated: number[] = [];
  deleted = 0;
  #keyGone = false;
  readonly #call: Call;

  /** The command does not propagate as it came. */
  constructor(call: Call) {
    this.#call = call;
    call.dontPropagate();
  }

  /** `removeField`, and replicas hear of it. */
  remove(entry: Address, index: number): Address {
    const left = removeField(this.#call, entry, index);
    this.deleted++;
    this.#keyGone = left === 0;
    this.#call.effectOf('HDEL', 1, index);
    return left;
  }

  /** The key has changed, if it has. Call it whatever ended the command: memory may have run out half way. */
  count(): void {
    const changes = this.updated.length + this.deleted;
    if (changes > 0) this.#call.changed(1, changes);
  }

  /** An effect about the updated fields: `name key [words] FIELDS n field ...`. */
  propagate(name: string, words: readonly (string | number)[]): void {
    const { updated } = this;
    if (updated.length > 0) this.#call.effectOf(name, 1, ...words, 'FIELDS', String(updated.length), ...updated);
  }

  /** Fields were deleted, or else `event` happened to some. */
  notify(event: string): void {
    const call = this.#call;
    if (this.deleted > 0) {
      call.notify(keyspaceEvents.hash, 'hdel', 1);
      if (this.#keyGone) call.notify(keyspaceEvents.generic, 'del', 1);
    } else if (this.updated.length > 0) call.notify(keyspaceEvents.hash, event, 1);
  }
}
