/**
 * Streams in lockstep: commands run on redis-server and on Headwater, each of which has a replica that only listens. The
 * replies, and what the replicas get, must be the same.
 *
 *   'SPOP s'      same reply, same commands in the stream; "" is an empty word
 *   '? SPOP s'    members are a matter of chance: same shape of both
 *   '~ SCAN 0'    same reply, the commands in any order, as the hash of a key decides
 *   'passes 40'   that many ms go by
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startHeadwater } from './headwater-server.ts';
import { shapeOf } from './lockstep-compare.ts';
import { connectRaw, type RawClient } from './raw-client.ts';
import { startRedis } from './redis-server.ts';
import { listenToStream } from './replication-stream.ts';
import type { ServerProcess } from './server-process.ts';

const timeoutMs = 120_000;

export type Effects = readonly (readonly string[])[];

/** Runs one command on one server. */
export type Run = (...args: string[]) => Promise<{ reply: Buffer; effects: string[][] }>;

export interface StreamLockstepOptions {
  /** Of both servers. */
  readonly args?: readonly string[];
  /** Before a test's commands; replicas do not hear of it. */
  readonly prepare?: (client: RawClient) => Promise<unknown>;
  /** Leaves of a reply what is the same on both servers. */
  readonly reply?: (text: string) => string;
  /** Likewise of the stream; without it all but times near now. */
  readonly effects?: (effects: Effects, command: string) => Effects;
}

export interface StreamLockstep {
  /** redis-server, and Headwater; they end with the test file. */
  readonly servers: Promise<readonly [ServerProcess, ServerProcess]>;
  /** A test that compares commands one by one. */
  streams(title: string, commands: readonly string[]): void;
  /** A test that does what it wants with both. */
  withStreams(title: string, body: (redis: Run, headwater: Run) => Promise<void>): void;
}

/** Call it once in a test file. */
export function streamLockstep(options: StreamLockstepOptions = {}): StreamLockstep {
  const { prepare, reply: sameReply = (text) => text, effects: sameEffects = withoutTimes } = options;
  const args = ['--repl-diskless-sync-delay', '0', ...(options.args ?? [])];
  const servers = Promise.all([startRedis(args), startHeadwater(args)]);
  after(async () => {
    for (const server of await servers) await server.stop();
  });

  const withStreams: StreamLockstep['withStreams'] = (title, body) => {
    void test(title, { timeout: timeoutMs }, async () => {
      const sides = await Promise.all((await servers).map(({ port }) => attach(port, prepare)));
      const [redis, headwater] = sides.map(({ run }) => run);
      try {
        await body(redis!, headwater!);
      } finally {
        for (const side of sides) await side.close();
      }
    });
  };

  const streams: StreamLockstep['streams'] = (title, commands) =>
    withStreams(title, async (redis, headwater) => {
      for (const command of commands) {
        const byChance = command.startsWith('? ');
        const anyOrder = command.startsWith('~ ');
        const text = byChance || anyOrder ? command.slice(2) : command;
        const words = text.split(' ').map((word) => (word === '""' ? '' : word));
        if (words[0] === 'passes') {
          await new Promise((resolve) => setTimeout(resolve, Number(words[1])));
          continue;
        }
        const [theirs, ours] = await Promise.all([redis(...words), headwater(...words)]);
        const reply = (raw: Buffer): string => (byChance ? shapeOf(raw) : sameReply(raw.toString('latin1')));
        assert.equal(reply(ours.reply), reply(theirs.reply), `the reply to ${command}`);
        const effects = (all: Effects): readonly string[] => {
          if (byChance) return shapes(all);
          const lines = sameEffects(all, command).map((line) => line.join(' '));
          return anyOrder ? lines.sort() : lines;
        };
        assert.deepEqual(effects(ours.effects), effects(theirs.effects), `the stream of ${command}`);
      }
    });

  return { servers, streams, withStreams };
}

async function attach(
  port: number,
  prepare: StreamLockstepOptions['prepare'],
): Promise<{ readonly run: Run; readonly close: () => Promise<void> }> {
  const client = await connectRaw(port);
  await client.ok('FLUSHALL');
  await prepare?.(client);
  const stream = await listenToStream(port);
  return {
    run: (...args) => stream.effectsOf(client, args),
    close: async () => {
      await stream.close();
      await client.close();
    },
  };
}

/** Times near now differ a little between two servers. */
function withoutTimes(effects: Effects): Effects {
  const nearNow = (word: string): boolean => /^\d{13}$/.test(word) && Math.abs(Number(word) - Date.now()) < 10_000_000;
  return effects.map((words) => words.map((word) => (nearNow(word) ? '<near now>' : word)));
}

/** One SREM for each member or one for many, wrapped or not: what counts is how many members go. */
function shapes(effects: Effects): string[] {
  const lines: string[] = [];
  let removed = 0;
  for (const words of effects) {
    if (words[0] === 'SREM') removed += words.length - 2;
    else if (words[0] !== 'MULTI' && words[0] !== 'EXEC') lines.push(words.join(' '));
  }
  return [...lines, `${removed} members removed`];
}
