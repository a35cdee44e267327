/** Arguments and history of the hyperloglog commands, as COMMAND DOCS shows them. */
import { type DocsTable, key, keys } from './docs.ts';

export const hyperloglogDocs: DocsTable = {
  pfadd: {
    arguments: [key, { name: 'element', type: 'string', flags: ['optional', 'multiple'] }],
  },
  pfcount: { arguments: [keys] },
  pfdebug: {
    system: true,
    arguments: [{ name: 'subcommand', type: 'string' }, key],
  },
  pfmerge: {
    arguments: [
      { name: 'destkey', type: 'key', keySpec: 0 },
      { name: 'sourcekey', type: 'key', keySpec: 1, flags: ['multiple'] },
    ],
  },
  pfselftest: { system: true },
};
