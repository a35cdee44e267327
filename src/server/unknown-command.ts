/** The errors for commands that do not exist. They repeat what was sent, shortened as Redis shortens it. */
import { type ReplyError, replyError } from '../base/errors.ts';
import { type Args, latin1 } from '../resp/args.ts';

/** Characters of an unknown name, and of all its arguments together, that the error repeats. */
const NAME_SHOWN_MAX = 128;
const ARGUMENTS_SHOWN_MAX = 128;

export function unknownCommand(args: Args): ReplyError {
  let list = '';
  for (let i = 1; i < args.count && list.length < ARGUMENTS_SHOWN_MAX; i++)
    list += `'${shown(args, i, ARGUMENTS_SHOWN_MAX - list.length)}' `;
  return replyError(`ERR unknown command '${shown(args, 0, NAME_SHOWN_MAX)}', with args beginning with: ${list}`);
}

export function unknownSubcommand(args: Args): ReplyError {
  const command = shown(args, 0, NAME_SHOWN_MAX).toUpperCase();
  return replyError(`ERR unknown subcommand '${shown(args, 1, NAME_SHOWN_MAX)}'. Try ${command} HELP.`);
}

/** An argument as errors repeat it: at most `max` characters, and up to the first NUL, as C prints strings. */
function shown(args: Args, index: number, max: number): string {
  const text = latin1(args.bytes, args.at[index]!, Math.min(args.length[index]!, max));
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}
