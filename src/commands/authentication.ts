/**
 * Who a client is: password checks for AUTH and HELLO. There is one user, `default`, whose password is `requirepass`;
 * without one, any password of that user is right. Comparisons take the same time wherever the texts differ.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { errors } from '../base/errors.ts';
import type { Call } from './call.ts';

export const DEFAULT_USER = 'default';

/** Authenticates the session, or throws WRONGPASS. Texts are byte strings. */
export function authenticate(call: Call, user: string, password: string): void {
  const required = call.services.settings.requirepass;
  if (user !== DEFAULT_USER || (required !== '' && !samePassword(password, required))) throw errors.wrongPass;
  call.session.user = DEFAULT_USER;
  call.session.authenticated = true;
}

function samePassword(given: string, wanted: string): boolean {
  return timingSafeEqual(digest(given), digest(wanted));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(Buffer.from(text, 'latin1')).digest();
}
