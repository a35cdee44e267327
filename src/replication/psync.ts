/**
 * The decision that a master makes on PSYNC <replid> <offset>: continue, or full resync and why.
 * Pure; its reasons are what the log, INFO and the metrics show.
 */
import { NO_REPLID } from './history.ts';

export type FullResyncReason =
  /** `PSYNC ?`, or the old SYNC: the replica has nothing to continue from. */
  | 'requested'
  /** It follows a history that we know nothing of. */
  | 'replid-mismatch'
  /** Our common past with it ends before the offset it asks for. */
  | 'beyond-second-offset'
  /** We keep no stream. */
  | 'no-backlog'
  /** What it misses is no longer in the backlog. */
  | 'too-old'
  /** It has bytes that we never wrote. */
  | 'ahead-of-master';

export type PsyncDecision =
  | { readonly kind: 'continue'; readonly fromOffset: number }
  | { readonly kind: 'full'; readonly reason: FullResyncReason };

export interface PsyncRequest {
  readonly replid: string;
  /** Offset of the first byte that the replica does not have. */
  readonly offset: number;
}

/** What the master knows of itself. */
export interface PsyncContext {
  readonly replid: string;
  readonly replid2: string;
  readonly masterReplOffset: number;
  readonly secondReplidOffset: number;
  readonly backlogActive: boolean;
  readonly backlogStart: number;
  readonly backlogLength: number;
}

export function decidePsync(request: PsyncRequest, own: PsyncContext): PsyncDecision {
  const asked = request.replid.toLowerCase();
  if (asked !== own.replid.toLowerCase()) {
    if (asked.startsWith('?')) return full('requested');
    if (own.replid2 === NO_REPLID || asked !== own.replid2.toLowerCase()) return full('replid-mismatch');
    if (request.offset > own.secondReplidOffset) return full('beyond-second-offset');
  }
  if (!own.backlogActive) return full('no-backlog');
  if (request.offset > own.masterReplOffset + 1) return full('ahead-of-master');
  if (request.offset < own.backlogStart || request.offset > own.backlogStart + own.backlogLength)
    return full('too-old');
  return { kind: 'continue', fromOffset: request.offset };
}

function full(reason: FullResyncReason): PsyncDecision {
  return { kind: 'full', reason };
}

/** Whether Redis logs this refusal as a lack of backlog. */
export function lacksBacklog(reason: FullResyncReason): boolean {
  return reason === 'no-backlog' || reason === 'too-old' || reason === 'ahead-of-master';
}
