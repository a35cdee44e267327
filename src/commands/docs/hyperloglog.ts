/** Arguments and history of the hyperloglog commands, as COMMAND DOCS shows them. */
import { key, keyAs, keys, multiple, optional, string } from './arguments.ts';
import type { DocsTable } from './docs.ts';

export const hyperloglogDocs: DocsTable = {
  pfadd: {
    arguments: [key, optional(multiple(string('element')))],
  },
  pfcount: { arguments: [keys] },
  pfdebug: {
    system: true,
    arguments: [string('subcommand'), key],
  },
  pfmerge: {
    arguments: [keyAs('destkey', 0), multiple(keyAs('sourcekey', 1))],
  },
  pfselftest: { system: true },
};
