/** All command families: the one list that the server's table is built from. */
import type { CommandRow } from './row.ts';
import { stringCommands } from './strings.ts';

export const families: readonly (readonly CommandRow[])[] = [stringCommands];
