/** Arguments and history of the hyperloglog commands, as COMMAND DOCS shows them. */
import type { DocsTable } from './docs.ts';

export const hyperloglogDocs: DocsTable = {
  pfadd: {
    arguments: [
      { name: 'key', type: 'key', keySpec: 0 },
      { name: 'element', type: 'string', flags: ['optional', 'multiple'] },
    ],
  },
  pfcount: { arguments: [{ name: 'key', type: 'key', keySpec: 0, flags: ['multiple'] }] },
  pfdebug: {
    system: true,
    arguments: [
      { name: 'subcommand', type: 'string' },
      { name: 'key', type: 'key', keySpec: 0 },
    ],
  },
  pfmerge: {
    arguments: [
      { name: 'destkey', type: 'key', keySpec: 0 },
      { name: 'sourcekey', type: 'key', keySpec: 1, flags: ['multiple'] },
    ],
  },
  pfselftest: { system: true },
};
