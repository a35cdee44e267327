/** All command families: the one list that the server's table is built from. */
import type { CommandRow } from './row.ts';
import { hashCommands } from './hashes.ts';
import { replicationCommands } from './replication.ts';
import { setAlgebraCommands } from './set-algebra.ts';
import { setCommands } from './sets.ts';
import { sortedSetCommands } from './sorted-sets.ts';
import { stringCommands } from './strings.ts';
import { connectionCommands } from './connection.ts';
import { transactionCommands } from './transactions.ts';
import { clientCommands } from './client.ts';
import { commandCommands } from './command-info.ts';

export const families: readonly (readonly CommandRow[])[] = [
  stringCommands,
  connectionCommands,
  transactionCommands,
  hashCommands,
  setCommands,
  setAlgebraCommands,
  sortedSetCommands,
  replicationCommands,
  clientCommands,
  commandCommands,
];
