/** What MONITOR and SLOWLOG show of a command: its arguments, but for those that its row calls secret. */
import type { Args } from '../resp/args.ts';
import type { Services } from './services.ts';
import type { Command } from './table.ts';

const REDACTED = Buffer.from('(redacted)');

/** The words are views of the command's bytes: whoever keeps them copies them. */
export function shownWords(command: Command, args: Args, services: Services): Uint8Array[] {
  const words: Uint8Array[] = [];
  for (let i = 0; i < args.count; i++) {
    const at = args.at[i]!;
    words.push(args.bytes.subarray(at, at + args.length[i]!));
  }
  for (const index of command.row.secrets?.(args, services) ?? []) if (index < words.length) words[index] = REDACTED;
  return words;
}

/** All arguments from `first` on. */
export function secretFrom(first: number): (args: Args) => readonly number[] {
  return (args) => Array.from({ length: Math.max(0, args.count - first) }, (_, i) => first + i);
}

/** The user and password behind each AUTH (HELLO), which comes before the options that may follow. */
export function secretsAfterAuth(args: Args): readonly number[] {
  for (let i = 2; i + 2 < args.count; i++) if (args.is(i, 'auth')) return [i + 1, i + 2];
  return [];
}

/** The password behind MIGRATE's AUTH, or the user and password behind AUTH2. */
export function secretsOfMigrate(args: Args): readonly number[] {
  for (let i = 6; i + 1 < args.count; i++) {
    if (args.is(i, 'auth')) return [i + 1];
    if (args.is(i, 'auth2')) return [i + 1, i + 2];
    if (args.is(i, 'keys')) break;
  }
  return [];
}

/** Values of CONFIG SET's sensitive directives. */
export function secretValues(args: Args, services: Services): readonly number[] {
  const found: number[] = [];
  for (let i = 2; i + 1 < args.count; i += 2) if (services.configuration.isSecret(args.text(i))) found.push(i + 1);
  return found;
}
