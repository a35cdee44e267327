/** Arguments and history of all commands by full name; a command that is missing here takes no arguments. */
import { bitmapDocs } from './bitmap.ts';
import { clusterDocs } from './cluster.ts';
import { connectionDocs } from './connection.ts';
import { genericDocs } from './generic.ts';
import { geoDocs } from './geo.ts';
import { hashDocs } from './hash.ts';
import { hyperloglogDocs } from './hyperloglog.ts';
import { listDocs } from './list.ts';
import { pubsubDocs } from './pubsub.ts';
import { scriptingDocs } from './scripting.ts';
import { serverDocs } from './server.ts';
import { setDocs } from './set.ts';
import { sortedSetDocs } from './sorted-set.ts';
import { streamDocs } from './stream.ts';
import { stringDocs } from './string.ts';
import { transactionsDocs } from './transactions.ts';
import type { DocsTable } from './docs.ts';

export const commandDocs: DocsTable = {
  ...bitmapDocs,
  ...clusterDocs,
  ...connectionDocs,
  ...genericDocs,
  ...geoDocs,
  ...hashDocs,
  ...hyperloglogDocs,
  ...listDocs,
  ...pubsubDocs,
  ...scriptingDocs,
  ...serverDocs,
  ...setDocs,
  ...sortedSetDocs,
  ...streamDocs,
  ...stringDocs,
  ...transactionsDocs,
};
