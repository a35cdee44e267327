/**
 * The snapshot for a full sync. It is taken in one go: the server stands still while it is encoded, so the data is that
 * of the offset at which it started. Chunks go to the consumer as they fill; one that cannot keep up queues them.
 */
import { RdbWriter } from '../rdb/write.ts';
import type { SnapshotConsumer, SnapshotRequest, SnapshotRun } from './ports.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from '../base/ambient.ts';
import { writeRdb } from './write-rdb.ts';

export interface SnapshotSettings {
  readonly rdbchecksum: boolean;
  readonly rdbcompression: boolean;
}

const idle: SnapshotRun = { resume: () => {}, cancel: () => {} };

export function startSnapshot(
  store: Store,
  settings: SnapshotSettings,
  clock: Clock,
  request: SnapshotRequest,
  consumer: SnapshotConsumer,
): SnapshotRun {
  const facts = {
    now: clock.now(),
    position:
      request.aofBase === true ? null : { replid: request.replid, offset: request.offset, streamDb: request.streamDb },
    aofBase: request.aofBase === true,
  };
  // Compressing costs more time than a local link saves; every reader takes plain strings.
  const options = { checksum: settings.rdbchecksum, compress: request.aofBase === true && settings.rdbcompression };
  const write = (output: (chunk: Uint8Array) => boolean): void => {
    const writer = new RdbWriter(output, options);
    writeRdb(writer, store, facts, !request.excludeFunctions, !request.excludeData);
  };
  let total: number | null = null;
  if (request.target === 'disk') {
    // The payload's length goes before it: a first pass only counts.
    let bytes = 0;
    write((chunk) => {
      bytes += chunk.length;
      return true;
    });
    total = bytes;
  }
  let wanted = consumer.begin(total) !== 'stop';
  if (!wanted) return idle;
  write((chunk) => {
    if (wanted && consumer.chunk(chunk) === 'stop') wanted = false;
    return false;
  });
  if (wanted) consumer.end();
  return idle;
}
