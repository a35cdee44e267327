/** Arguments and history of the transactions commands, as COMMAND DOCS shows them. */
import type { DocsTable } from './docs.ts';

export const transactionsDocs: DocsTable = {
  watch: { arguments: [{ name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] }] },
};
