/** Commands that are off unless the configuration allows them: DEBUG and MODULE. */
import { replyError, type ReplyError } from '../base/errors.ts';
import type { ProtectedAccess } from '../base/settings.ts';
import type { Call } from './call.ts';

/** Whether the caller may use a command whose directive has this value. */
export function mayUse(call: Call, access: ProtectedAccess): boolean {
  if (access !== 'local') return access === 'yes';
  const { session } = call;
  return session.isUnix || session.class === 'master' || /^(127\.|\[?::1|\[?::ffff:127\.)/.test(session.remoteAddress);
}

export function accessRefused(command: string, directive: string): ReplyError {
  return replyError(
    `ERR ${command} command not allowed. If the ${directive} option is set to "local", you can run it from a local ` +
      'connection, otherwise you need to set this option in the configuration file, and then restart the server.',
  );
}
