/** NOPERM: what a client reads when its user may not run a command. */
import { replyError, type ReplyError } from '../../base/errors.ts';
import type { Command } from '../../commands/table.ts';
import type { Denial, DenialReason } from './selector.ts';

const noKey = replyError('NOPERM this user has no permissions to access one of the keys used as arguments');
const noChannel = replyError('NOPERM this user has no permissions to access one of the channels used as arguments');

export function noPermission({ reason }: Denial, command: Command): ReplyError {
  if (reason === 'key') return noKey;
  if (reason === 'channel') return noChannel;
  return replyError(`NOPERM this user has no permissions to run the '${command.name}' command`);
}

/** For a command that was allowed when it was queued. */
export const noMorePermission: { readonly [R in DenialReason]: ReplyError } = {
  command: changed('no permission to execute the command or subcommand'),
  key: changed('no permission to touch the specified keys'),
  channel: changed('no permission to access one of the channels used as arguments'),
};

function changed(reason: string): ReplyError {
  return replyError(
    'NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no ' +
      `longer allowed for the following reason: ${reason}`,
  );
}
