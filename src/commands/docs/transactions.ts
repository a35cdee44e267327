/** Arguments and history of the transactions commands, as COMMAND DOCS shows them. */
import { type DocsTable, keys } from './docs.ts';

export const transactionsDocs: DocsTable = {
  watch: { arguments: [keys] },
};
