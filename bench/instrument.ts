/**
 * Programs that watch a server: each a process of its own that makes next to no work for the processors beside what it is there
 * for. V8's compiler and garbage collector in a Node program that pings once a millisecond, or takes half a gigabyte, would be
 * good for stalls of 4 to 12 ms on two processors, which no server has caused.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Megabytes of garbage before anything is collected: more than a run makes. */
const YOUNG_MIB = 256;
const FLAGS = [
  '--single-threaded',
  '--no-opt',
  `--min-semi-space-size=${YOUNG_MIB}`,
  `--max-semi-space-size=${YOUNG_MIB}`,
];

/** The highest there is. */
const URGENT = -20;

export interface Instrument {
  /** Sends a word and resolves to the next message. Rejects when the program ends instead. */
  ask(word: string): Promise<number | string>;
  stop(): Promise<void>;
}

/** `url`: its module; `urgent`: it gets a processor at once, as far as the system permits that. */
export async function startInstrument(url: string, port: number, urgent: boolean): Promise<Instrument> {
  const child = fork(fileURLToPath(url), [String(port)], { execArgv: FLAGS });
  const ended = once(child, 'exit');
  const answer = async (): Promise<number | string> => {
    const failed = ended.then(([code]) => Promise.reject(new Error(`${url} ended with code ${String(code)}`)));
    const [message] = (await Promise.race([once(child, 'message'), failed])) as [number | string];
    return message;
  };
  await answer();
  if (urgent && child.pid !== undefined) {
    try {
      setPriority(child.pid, URGENT);
    } catch {
      console.error('No permission for a pinger of high priority: what the machine does counts as well.');
    }
  }
  return {
    ask: (word) => {
      child.send(word);
      return answer();
    },
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** In the program itself: the port to connect to, if this module is the program. */
export function instrumentPort(url: string): number | undefined {
  if (process.argv[1] !== fileURLToPath(url)) return undefined;
  // It does not outlive who started it.
  process.once('disconnect', () => process.exit());
  return Number(process.argv[2]);
}
