/**
 * The command line of the server, by redis-server's rules: `headwater [redis.conf] [--directive value ...] [-]`. The
 * options become lines of configuration, which are read after the file and standard input; so an error in them is an
 * error of configuration, reported by the loader.
 *
 * Odd but so: a word behind `--directive` is its value even if it starts with `--`; only `--save` may go without one;
 * `"--port 7000"` in one word is an option with its value; `-` (standard input) counts only as first or last word.
 */
import { quoteWord, splitWords, toByteString } from '../base/words.ts';

export type ServerArguments =
  | { readonly action: 'version' }
  | { readonly action: 'help' }
  | { readonly action: 'refuse'; readonly message: string }
  | {
      readonly action: 'run';
      /** Path of the configuration file, as given. */
      readonly file: string | undefined;
      /** Read more configuration from standard input. */
      readonly stdin: boolean;
      /** Lines of configuration, as a byte string. */
      readonly options: string;
    };

/** `argv` without the program's name. */
export function parseArguments(argv: readonly string[]): ServerArguments {
  const first = argv[0];
  if (first === '-v' || first === '--version') return { action: 'version' };
  if (first === '-h' || first === '--help') return { action: 'help' };
  if (first === '--test-memory') return refuse('--test-memory is not supported; use a tool such as memtester');
  if (first === '--check-system') return refuse('--check-system is not supported: nothing here depends on fork');
  if (argv.includes('--sentinel')) {
    return refuse('--sentinel is not supported; use redis-sentinel, which can watch over Headwater');
  }

  const file = first !== undefined && !first.startsWith('-') ? first : undefined;
  const words = argv.slice(file === undefined ? 0 : 1);
  let stdin = false;
  let options = '';
  // True when the next word starting with -- is an option, false when it is a value.
  let optionNext = true;
  for (const [index, word] of words.entries()) {
    const isLast = index === words.length - 1;
    if (word === '-' && ((index === 0 && file === undefined) || isLast)) {
      stdin = true;
      continue;
    }
    const bytes = toByteString(word);
    if (!optionNext || !word.startsWith('--')) {
      options += `${quoteWord(bytes)} `;
      optionNext = true;
      continue;
    }
    if (options !== '') options += '\n';
    options += `${bytes.slice(2)} `;
    optionNext = splitWords(bytes)?.length !== 1;
    if (word.toLowerCase() === '--save' && (isLast || words[index + 1]!.startsWith('--'))) {
      // People generate command lines from lists, and an empty list means no save points.
      options += '""';
      optionNext = true;
    }
  }
  return { action: 'run', file, stdin, options };
}

function refuse(message: string): ServerArguments {
  return { action: 'refuse', message };
}

/** What --help prints. */
export const helpText: string = `Usage: headwater [/path/to/redis.conf] [options] [-]
       headwater - (read config from stdin)
       headwater -v or --version
       headwater -h or --help

Examples:
       headwater (run the server with default conf)
       echo 'maxmemory 128mb' | headwater -
       headwater /etc/redis/6379.conf
       headwater --port 7777
       headwater --port 7777 --replicaof 127.0.0.1 8888
       headwater /etc/myredis.conf --loglevel verbose -
       headwater /etc/myredis.conf --loglevel verbose
`;
