/** All command families: the one list that the server's table is built from. */
import type { CommandRow } from './row.ts';
import { aclCommands } from './acl.ts';
import { bitmapCommands } from './bits.ts';
import { bitFieldCommands } from './bits-fields.ts';
import { hyperLogLogCommands } from './hyperloglog.ts';
import { serverCommands } from './server.ts';
import { lolwutCommands } from './lolwut.ts';
import { latencyCommands } from './latency.ts';
import { monitorCommands } from './monitor.ts';
import { slowlogCommands } from './slowlog.ts';
import { memoryCommands } from './memory.ts';
import { pubsubCommands } from './pubsub.ts';
import { debugCommands } from './debug.ts';
import { dumpCommands } from './dump.ts';
import { migrateCommands } from './migrate.ts';
import { configCommands } from './config.ts';
import { clusterCommands } from './cluster.ts';
import { scriptingCommands } from './scripting.ts';
import { geoCommands } from './geo-rows.ts';
import { hashCommands } from './hashes.ts';
import { hashExpiryCommands } from './hash-expiry.ts';
import { hashExpiryAccessCommands } from './hash-expiry-access.ts';
import { replicationCommands } from './replication.ts';
import { waitCommands } from './wait.ts';
import { setAlgebraCommands } from './set-algebra.ts';
import { setCommands } from './sets.ts';
import { sortCommands } from './sort.ts';
import { listCommands } from './lists.ts';
import { streamCommands } from './streams.ts';
import { sortedSetCommands } from './sorted-sets.ts';
import { databaseCommands } from './databases.ts';
import { expiryCommands } from './expiry.ts';
import { keyCommands } from './keys.ts';
import { objectCommands } from './object.ts';
import { stringNumberCommands } from './string-numbers.ts';
import { stringPartCommands } from './string-parts.ts';
import { stringCommands } from './strings.ts';
import { connectionCommands } from './connection.ts';
import { transactionCommands } from './transactions.ts';
import { clientCommands } from './client.ts';
import { commandCommands } from './command-info.ts';

export const families: readonly (readonly CommandRow[])[] = [
  stringCommands,
  stringPartCommands,
  stringNumberCommands,
  bitmapCommands,
  bitFieldCommands,
  hyperLogLogCommands,
  keyCommands,
  expiryCommands,
  objectCommands,
  databaseCommands,
  connectionCommands,
  transactionCommands,
  hashCommands,
  scriptingCommands,
  clusterCommands,
  hashExpiryCommands,
  hashExpiryAccessCommands,
  setCommands,
  setAlgebraCommands,
  sortedSetCommands,
  streamCommands,
  replicationCommands,
  waitCommands,
  clientCommands,
  aclCommands,
  commandCommands,
  listCommands,
  sortCommands,
  dumpCommands,
  migrateCommands,
  geoCommands,
  configCommands,
  debugCommands,
  memoryCommands,
  slowlogCommands,
  latencyCommands,
  lolwutCommands,
  monitorCommands,
  serverCommands,
  pubsubCommands,
];
