/** Names that clients give themselves: printable ASCII without spaces, so that a line of CLIENT LIST stays one. */
import { errors } from '../base/errors.ts';
import type { Session } from './session.ts';

/** Sets the name; an empty one removes it. Throws if a character is not allowed. */
export function setClientName(session: Session, name: string): void {
  if (!isPlainWord(name)) throw errors.badClientName;
  session.name = name;
}

export function isPlainWord(text: string): boolean {
  return /^[!-~]*$/.test(text);
}
