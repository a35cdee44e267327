/**
 * CLIENT KILL, in its old form (an address, reply OK or an error) and its new one (filters that must all match, reply the
 * number of clients killed). Whoever kills its own connection still gets the reply.
 */
import { errors, replyError } from '../base/errors.ts';
import type { Call } from './call.ts';
import { isOfClass, sessionClass } from './client-type.ts';
import type { Session } from './session.ts';

type Filter = (session: Session) => boolean;

export function kill(call: Call): void {
  if (call.count === 3) {
    const address = call.text(2);
    if (killMatching(call, [(session) => session.remoteAddress === address]) === 0) throw errors.noSuchClient;
    call.reply.ok();
    return;
  }
  const filters: Filter[] = [];
  let skipMe = true;
  for (let i = 2; i < call.count; i += 2) {
    if (i + 1 >= call.count) throw errors.syntax;
    const value = call.text(i + 1);
    switch (call.text(i).toLowerCase()) {
      case 'id': {
        const id = call.integer(i + 1, errors.badClientId);
        if (id < 1) throw errors.badClientId;
        filters.push((session) => session.id === id);
        break;
      }
      case 'type': {
        const type = sessionClass(value);
        filters.push((session) => isOfClass(session, type));
        break;
      }
      case 'addr':
        filters.push((session) => session.remoteAddress === value);
        break;
      case 'laddr':
        filters.push((session) => session.localAddress === value);
        break;
      case 'user':
        if (!call.services.acl.has(value)) throw replyError(`ERR No such user '${value}'`);
        filters.push((session) => session.class !== 'master' && session.user.name === value);
        break;
      case 'maxage': {
        const seconds = call.integer(i + 1, errors.maxAgeNotInteger);
        if (seconds <= 0) throw errors.maxAgeNotPositive;
        filters.push((session) => Math.floor((call.now - session.createdAt) / 1000) >= seconds);
        break;
      }
      case 'skipme':
        if (call.is(i + 1, 'yes')) skipMe = true;
        else if (call.is(i + 1, 'no')) skipMe = false;
        else throw errors.syntax;
        break;
      default:
        throw errors.syntax;
    }
  }
  if (skipMe) filters.push((session) => session !== call.session);
  call.reply.integer(killMatching(call, filters));
}

/** Returns how many were killed. */
function killMatching(call: Call, filters: readonly Filter[]): number {
  const victims = [...call.services.sessions.all()].filter((session) => filters.every((filter) => filter(session)));
  for (const session of victims) {
    if (session === call.session) session.closeAfterReply = true;
    else session.close(false);
  }
  return victims.length;
}
