/** AUTH and HELLO AUTH: a user name and a password make a session that user's (server/acl). Texts are byte strings. */
import { errors } from '../base/errors.ts';
import type { Call } from './call.ts';

export const DEFAULT_USER = 'default';

/** Authenticates the session, or throws WRONGPASS. */
export function authenticate(call: Call, user: string, password: string): void {
  if (!call.services.acl.authenticate(call.session, user, password, call.text(0))) throw errors.wrongPass;
}
