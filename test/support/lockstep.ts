/**
 * Lockstep tests: the same commands go to the real redis-server and to Headwater, and the raw replies must be the
 * same bytes. Each test file gets one server of each kind, started at its first lockstep test; each test gets new
 * connections and, at its end, equal digests and empty servers.
 *
 *   lockstep('APPEND creates a missing key', async (both) => {
 *     await both('APPEND', 'k', 'abc');
 *     await both('GET', 'k');
 *   });
 */
import { after, test } from 'node:test';
import { startHeadwater } from './headwater-server.ts';
import { difference, pairsOf, shapeOf, show, sortedElements, sortedPairs } from './lockstep-compare.ts';
import { ComparedCommands } from './lockstep-record.ts';
import { connectRaw } from './raw-client.ts';
import type { RawClient } from './raw-client.ts';
import { startRedis } from './redis-server.ts';
import { decode, ReplyError } from './resp.ts';
import type { Argument, Reply } from './resp.ts';
import type { ServerProcess } from './server-process.ts';

export type Command = readonly Argument[];

export interface LockstepOptions {
  /** Protocol of the connections; 'both' runs the body twice, as two tests. Default: 2. */
  readonly resp?: 2 | 3 | 'both';
  /** Does not compare digests at the end, for bodies whose data differ by chance (SPOP, RESTORE with LRU). */
  readonly digests?: false;
  readonly timeoutMs?: number;
  readonly skip?: string;
}

/** Sends one command to both servers and compares; every form resolves to the real server's decoded reply. */
export interface Both {
  /** The raw replies are the same bytes. */
  (...args: Command): Promise<Reply>;
  /** `both` for each command of a table, in order. */
  all(commands: readonly Command[]): Promise<void>;
  /** Arrays or sets with the same elements in any order (SMEMBERS, KEYS). */
  unordered(...args: Command): Promise<Reply>;
  /** Flat field-value arrays or maps with the same pairs in any order (HGETALL, CONFIG GET). */
  pairs(...args: Command): Promise<Reply>;
  /** The same types, and lengths of arrays, whatever the content (RANDOMKEY, SPOP). */
  shape(...args: Command): Promise<Reply>;
  /** Both reply an error, with the same text. */
  error(...args: Command): Promise<Reply>;
  /** Both reply integers that differ by at most `tolerance` (TTL). */
  close(tolerance: number, ...args: Command): Promise<Reply>;
  /** Sends the bytes as they are to both; one reply each, the same bytes. */
  raw(bytes: string | Uint8Array): Promise<Reply>;
  /** All commands in one write to each; the same replies. */
  pipeline(commands: readonly Command[]): Promise<void>;
  /** The next reply or message that comes by itself is the same (blocked commands, pub/sub, RESP2). */
  reply(): Promise<Reply>;
  /** The next push is the same (RESP3). */
  push(): Promise<Reply>;
  /** Both close the connection after the same last bytes; resolves to those. */
  closes(): Promise<string>;
  /** The datasets have the same DEBUG DIGEST. */
  digests(): Promise<void>;
  /** A second client of each server; it is closed at the end of the test. */
  open(options?: { readonly resp?: 2 | 3 }): Promise<Both>;
  /** The two connections, for what is not compared. */
  readonly redis: RawClient;
  readonly headwater: RawClient;
}

/** Declares a test; see the top of the file. */
export function lockstep(title: string, body: (both: Both) => Promise<void>): void;
export function lockstep(title: string, options: LockstepOptions, body: (both: Both) => Promise<void>): void;
export function lockstep(
  title: string,
  second: LockstepOptions | ((both: Both) => Promise<void>),
  third?: (both: Both) => Promise<void>,
): void {
  const [options, body] = typeof second === 'function' ? [{}, second] : [second, third!];
  servers.lockstep(title, options, body);
}

/** A pair of server kinds to compare; the support's own tests make others. */
export function lockstepOf(
  startReference: () => Promise<ServerProcess>,
  startSubject: () => Promise<ServerProcess>,
): typeof lockstep {
  const pair = new ServerPair(startReference, startSubject);
  return (title: string, second: unknown, third?: unknown) => {
    const options = (third === undefined ? {} : second) as LockstepOptions;
    pair.lockstep(title, options, (third ?? second) as (both: Both) => Promise<void>);
  };
}

class ServerPair {
  readonly #startReference: () => Promise<ServerProcess>;
  readonly #startSubject: () => Promise<ServerProcess>;
  #starting: readonly [Promise<ServerProcess>, Promise<ServerProcess>] | undefined;
  #running: Promise<readonly [ServerProcess, ServerProcess]> | undefined;
  readonly #compared = new ComparedCommands();

  constructor(startReference: () => Promise<ServerProcess>, startSubject: () => Promise<ServerProcess>) {
    this.#startReference = startReference;
    this.#startSubject = startSubject;
    // Registered here, not at the first test: a hook made inside a test would run at the end of that test.
    after(async () => {
      await this.#stop();
      this.#compared.check();
    });
  }

  lockstep(title: string, options: LockstepOptions, body: (both: Both) => Promise<void>): void {
    const { resp = 2, timeoutMs = 120_000, skip } = options;
    for (const version of resp === 'both' ? ([2, 3] as const) : ([resp] as const)) {
      const name = resp === 2 ? title : `${title} (RESP${version})`;
      const testOptions = { timeout: timeoutMs, ...(skip === undefined ? {} : { skip }) };
      this.#compared.declared();
      void test(name, testOptions, async () => {
        await this.#run(version, options, body);
        this.#compared.passed();
      });
    }
  }

  async #run(resp: 2 | 3, options: LockstepOptions, body: (both: Both) => Promise<void>): Promise<void> {
    this.#running ??= this.#start();
    const [reference, subject] = await this.#running;
    const clients: RawClient[] = [];
    const open = async (version: 2 | 3): Promise<Both> => {
      const pair = await Promise.all([
        connectRaw(reference.port, { resp: version }),
        connectRaw(subject.port, { resp: version }),
      ]);
      clients.push(...pair);
      return bothOf(pair[0], pair[1], this.#compared, (asked) => open(asked?.resp ?? version));
    };
    try {
      await body(await open(resp));
      if (options.digests !== false) await (await open(2)).digests();
    } catch (error) {
      // The next test starts from empty servers too; if that fails, this failure is the one to tell.
      await Promise.allSettled([reset(reference), reset(subject)]);
      throw withLog(error as Error, subject);
    } finally {
      await Promise.all(clients.map((client) => client.close()));
    }
    await Promise.all([reset(reference), reset(subject)]);
  }

  #start(): Promise<readonly [ServerProcess, ServerProcess]> {
    this.#starting = [this.#startReference(), this.#startSubject()];
    return Promise.all(this.#starting);
  }

  async #stop(): Promise<void> {
    for (const one of await Promise.allSettled(this.#starting ?? [])) {
      if (one.status === 'fulfilled') await one.value.stop();
    }
  }
}

const servers = new ServerPair(
  () => startRedis(),
  () => startHeadwater(),
);

const shownLogLength = 2000;

/** A lost connection often means a crash, and the log tells of it. */
function withLog(error: Error, subject: ServerProcess): Error {
  if (/clos|timed out|ECONN/.test(error.message)) {
    error.message += `\nThe end of headwater's log:\n${subject.logText().slice(-shownLogLength)}`;
  }
  return error;
}

async function reset(server: ServerProcess): Promise<void> {
  const client = await connectRaw(server.port);
  await client.ok('FLUSHALL');
  await client.close();
}

/** Bring replies into the form in which they are compared. Throws when the reply has no such form. */
type Normalize = (raw: Buffer) => unknown;

/** How long two servers may differ because one has not deleted its expired keys yet, ms. */
const EXPIRY_PACE_MS = 2000;

const asText: Normalize = (raw) => raw.toString('latin1');

function bothOf(
  redis: RawClient,
  headwater: RawClient,
  compared: ComparedCommands,
  open: (options?: { readonly resp?: 2 | 3 }) => Promise<Both>,
): Both {
  const compare = async (what: string, replies: readonly Promise<Buffer>[], normalize: Normalize): Promise<Reply> => {
    const [ours, theirs] = await settle(what, replies);
    const problem = difference(ours!, theirs!, normalize);
    if (problem !== undefined) throw mismatch(what, problem);
    return decode(theirs!);
  };
  const send = async (args: Command, normalize: Normalize): Promise<Reply> => {
    const reply = await compare(showCommand(args), [headwater.call(...args), redis.call(...args)], normalize);
    compared.add(args);
    return reply;
  };

  const both = (...args: Command): Promise<Reply> => send(args, asText);
  return Object.assign(both, {
    redis,
    headwater,
    open,
    all: async (commands: readonly Command[]) => {
      for (const command of commands) await both(...command);
    },
    unordered: (...args: Command) => send(args, (raw) => sortedElements(decode(raw, 'latin1'))),
    pairs: (...args: Command) => send(args, (raw) => sortedPairs(pairsOf(decode(raw, 'latin1')))),
    shape: (...args: Command) => send(args, (raw) => shapeOf(raw)),
    error: async (...args: Command) => {
      const reply = await both(...args);
      if (!(reply instanceof ReplyError))
        throw mismatch(showCommand(args), `both replied ${show(reply)}, not an error`);
      return reply;
    },
    close: async (tolerance: number, ...args: Command) => {
      const what = showCommand(args);
      const [ours, theirs] = (await settle(what, [headwater.call(...args), redis.call(...args)])).map((raw) =>
        decode(raw),
      );
      const near =
        typeof ours === 'number' &&
        typeof theirs === 'number' &&
        Math.abs(ours - theirs) <= tolerance &&
        ours < 0 === theirs < 0;
      if (!near)
        throw mismatch(what, `redis     ${show(theirs)}\nheadwater ${show(ours)}\nallowed to differ by ${tolerance}`);
      compared.add(args);
      return theirs;
    },
    raw: (bytes: string | Uint8Array) =>
      compare(`raw ${show(Buffer.from(bytes).toString('latin1'))}`, [headwater.raw(bytes), redis.raw(bytes)], asText),
    pipeline: async (commands: readonly Command[]) => {
      const [ours, theirs] = await Promise.all([headwater.pipeline(commands), redis.pipeline(commands)]);
      for (const [i, command] of commands.entries()) {
        const problem = difference(ours[i]!, theirs[i]!, asText);
        if (problem !== undefined) throw mismatch(`${showCommand(command)} (number ${i} of a pipeline)`, problem);
        compared.add(command);
      }
    },
    reply: () => compare('the next reply', [headwater.reply(), redis.reply()], asText),
    push: () => compare('the next push', [headwater.push(), redis.push()], asText),
    closes: async () => {
      const what = 'closing the connection';
      const [ours, theirs] = await settle(what, [headwater.untilClose(), redis.untilClose()]);
      const problem = difference(ours!, theirs!, asText);
      if (problem !== undefined) throw mismatch(what, problem);
      return theirs!.toString('latin1');
    },
    digests: async () => {
      // Keys whose time has come still count until they are deleted, which each server does at its own pace.
      const deadline = performance.now() + EXPIRY_PACE_MS;
      while (performance.now() < deadline) {
        const [ours, theirs] = await Promise.all([headwater.call('DEBUG', 'DIGEST'), redis.call('DEBUG', 'DIGEST')]);
        if (ours.equals(theirs)) return;
      }
      await compare('DEBUG DIGEST', [headwater.call('DEBUG', 'DIGEST'), redis.call('DEBUG', 'DIGEST')], asText);
    },
  });
}

/** Waits for both, and says which of the two servers failed to reply. */
async function settle(what: string, replies: readonly Promise<Buffer>[]): Promise<Buffer[]> {
  const results = await Promise.allSettled(replies);
  return results.map((result, i) => {
    if (result.status === 'fulfilled') return result.value;
    throw mismatch(what, `${i === 0 ? 'headwater' : 'redis'}: ${(result.reason as Error).message}`);
  });
}

function mismatch(what: string, problem: string): Error {
  return new Error(`${what}\n${problem}`);
}

const longestShownArgument = 60;

function showCommand(args: Command): string {
  return args
    .map((argument) => {
      const text = typeof argument === 'object' ? Buffer.from(argument).toString('latin1') : String(argument);
      const cut =
        text.length > longestShownArgument ? `${text.slice(0, longestShownArgument)}...(${text.length})` : text;
      return /^[\x21\x23-\x7e]+$/.test(cut) ? cut : JSON.stringify(cut);
    })
    .join(' ');
}
