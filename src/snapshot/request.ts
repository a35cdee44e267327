import type { SnapshotPurpose, SnapshotRequest } from './ports.ts';

/** Asks for all there is, piece by piece. `place`: where the data stands in the replication stream; null: in none. */
export function requestAll(
  purpose: SnapshotPurpose,
  place: Pick<SnapshotRequest, 'offset' | 'replid' | 'streamDb'> | null,
): SnapshotRequest {
  const { offset, replid, streamDb } = place ?? { offset: -1, replid: '', streamDb: -1 };
  return { purpose, offset, replid, streamDb, target: 'sockets', excludeData: false, excludeFunctions: false };
}
