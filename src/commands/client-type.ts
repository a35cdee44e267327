/** The types of CLIENT LIST TYPE and CLIENT KILL TYPE. */
import { replyError } from '../base/errors.ts';
import type { Session, SessionClass } from './session.ts';

const classes: { readonly [name: string]: SessionClass } = {
  normal: 'normal',
  slave: 'replica',
  replica: 'replica',
  pubsub: 'pubsub',
  master: 'master',
};

/** The type of a session: who monitors counts as normal. */
export function isOfClass(session: Session, type: SessionClass): boolean {
  return session.class === type || (type === 'normal' && session.class === 'monitor');
}

/** Throws if there is no such type. */
export function sessionClass(name: string): SessionClass {
  const found = Object.hasOwn(classes, name.toLowerCase()) ? classes[name.toLowerCase()] : undefined;
  if (found === undefined) throw replyError(`ERR Unknown client type '${name}'`);
  return found;
}
