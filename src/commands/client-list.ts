/** One line of CLIENT LIST: the fields of Redis 7.0 in its order. */
import { clientMemory } from './client-memory.ts';
import type { Session } from './session.ts';

const flagLetters: { readonly [C in Session['class']]: string } = {
  normal: '',
  replica: 'S',
  master: 'M',
  pubsub: 'P',
  monitor: 'O',
};

/** `now`: wall clock ms. */
export function describeSession(session: Session, now: number): string {
  const fields: readonly (readonly [string, string | number])[] = [
    ['id', session.id],
    ['addr', session.remoteAddress],
    ['laddr', session.localAddress],
    ['fd', session.descriptor],
    ['name', session.name],
    ['age', Math.floor((now - session.createdAt) / 1000)],
    ['idle', Math.floor((now - session.lastInteraction) / 1000)],
    ['flags', flags(session)],
    ['db', session.database],
    ['sub', session.subscriptions?.channels.size ?? 0],
    ['psub', session.subscriptions?.patterns.size ?? 0],
    ['ssub', session.subscriptions?.shardChannels.size ?? 0],
    ['multi', session.transaction?.queued.length ?? -1],
    ['qbuf', session.queryBytes()],
    ['qbuf-free', session.queryFreeBytes()],
    ['argv-mem', 0],
    ['multi-mem', session.transaction?.bytes ?? 0],
    ['rbs', 0],
    ['rbp', 0],
    ['obl', 0],
    ['oll', session.outputBytes() > 0 ? 1 : 0],
    ['omem', session.outputBytes()],
    ['tot-mem', clientMemory(session)],
    ['events', 'r'],
    ['cmd', session.lastCommand === '' ? 'NULL' : session.lastCommand],
    ['user', session.class === 'master' ? '(superuser)' : session.user.name],
    ['redir', session.tracking?.redirect ?? -1],
    ['resp', session.resp],
    ['lib-name', session.libName],
    ['lib-ver', session.libVersion],
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(' ');
}

function flags(session: Session): string {
  let letters = flagLetters[session.class];
  if (session.transaction !== undefined) letters += 'x';
  if (session.blocked) letters += 'b';
  if (session.tracking !== undefined) letters += 't';
  if (session.tracking?.brokenRedirect === true) letters += 'R';
  if (session.tracking?.broadcast === true) letters += 'B';
  if (session.dirtyCas) letters += 'd';
  if (session.closeAfterReply) letters += 'c';
  if (session.isUnix) letters += 'U';
  if (session.noEvict) letters += 'e';
  if (session.noTouch) letters += 'T';
  return letters === '' ? 'N' : letters;
}
