/** Commands that are off unless the configuration allows them: DEBUG and MODULE. */
import { replyError, type ReplyError } from '../base/errors.ts';
import type { ProtectedAccess, Settings } from '../base/settings.ts';
import type { Session } from './session.ts';
import type { Command } from './table.ts';

/** The directive that decides about such a command. */
export type Protection = 'enableDebugCommand' | 'enableModuleCommand';

const directives: { readonly [P in Protection]: string } = {
  enableDebugCommand: 'enable-debug-command',
  enableModuleCommand: 'enable-module-command',
};

/** Why the session may not use a protected command; undefined if it may. */
export function protectedRefusal(
  session: Session,
  command: Command,
  protection: Protection,
  settings: Settings,
): ReplyError | undefined {
  if (mayUse(session, settings[protection])) return undefined;
  const directive = directives[protection];
  return replyError(
    `ERR ${command.name.replace(/\|.*/, '').toUpperCase()} command not allowed. If the ${directive} option is set to "local", you can run it ` +
      'from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.',
  );
}

function mayUse(session: Session, access: ProtectedAccess): boolean {
  return access === 'yes' || (access === 'local' && isLocal(session));
}

/** On this machine, or the link to our master. */
export function isLocal(session: Session): boolean {
  return session.isUnix || session.class === 'master' || /^(127\.|\[?::1|\[?::ffff:127\.)/.test(session.remoteAddress);
}
