/** MONITOR: makes the client see what all clients run. How it looks is server/monitors.ts's business. */
import { replyError } from '../base/errors.ts';
import type { Call } from './call.ts';
import type { CommandRow } from './row.ts';

const notHere = replyError("ERR MONITOR isn't allowed for DENY BLOCKING client");

function monitor(call: Call): void {
  if (call.inExec) throw notHere;
  const { session, services } = call;
  // The output of a replica is the stream; who monitors already gets no second answer.
  if (session.class === 'replica' || session.class === 'master' || session.class === 'monitor') return;
  services.monitors.add(session);
  call.reply.ok();
}

export const monitorCommands: readonly CommandRow[] = [
  {
    name: 'monitor',
    arity: 1,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    categories: [],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(1), and O(N) for each command that anybody runs, with N monitors',
    summary: 'Shows this client what all clients run.',
    handler: monitor,
  },
];
