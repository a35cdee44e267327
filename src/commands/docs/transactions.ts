/** Arguments and history of the transactions commands, as COMMAND DOCS shows them. */
import { keys } from './arguments.ts';
import type { DocsTable } from './docs.ts';

export const transactionsDocs: DocsTable = {
  watch: { arguments: [keys] },
};
