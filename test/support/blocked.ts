/** Clients of both servers that a command blocks: sending it, and waiting until it does. */
import type { Both, Command } from './lockstep.ts';
import { encodeCommand } from './resp.ts';
import type { RawClient } from './raw-client.ts';
import { waitFor } from './wait.ts';

/** Sends a command and waits until both servers have blocked the client. `watcher`: another client. */
export async function block(watcher: Both, client: Both, ...command: Command): Promise<void> {
  const ids = await Promise.all([client.redis.ok('CLIENT', 'ID'), client.headwater.ok('CLIENT', 'ID')]);
  send(client, ...command);
  const watchers = [watcher.redis, watcher.headwater];
  await Promise.all(
    watchers.map((one, i) => waitFor(() => isBlocked(one, Number(ids[i])), { what: `${String(command[0])} to block` })),
  );
}

/** Sends a command and waits for nothing: `client.reply()` compares the replies. */
export function send(client: Both, ...command: Command): void {
  for (const one of [client.redis, client.headwater]) one.send(encodeCommand(command));
}

async function isBlocked(client: RawClient, id: number): Promise<boolean> {
  return / flags=[a-zA-Z]*b/.test(String(await client.ok('CLIENT', 'LIST', 'ID', id)));
}
