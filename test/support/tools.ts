/** Running redis-server's own tools (redis-cli, redis-benchmark, redis-check-rdb) in tests. */
import { spawn } from 'node:child_process';

export interface ToolResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null after a signal. */
  readonly code: number | null;
}

export interface ToolOptions {
  /** Written to its standard input, which is then closed. */
  readonly input?: string | Uint8Array;
  /** Ends it with this signal after so long, for tools that run until told to stop; the default fails after a minute. */
  readonly endAfter?: { readonly ms: number; readonly signal: NodeJS.Signals };
}

const longestMs = 60_000;

/** Runs a tool to its end. Never rejects for a bad exit code, only if it cannot run or hangs. */
export function runTool(program: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe' });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let hung = false;
    const timer = setTimeout(() => {
      hung = options.endAfter === undefined;
      child.kill(options.endAfter?.signal ?? 'SIGKILL');
    }, options.endAfter?.ms ?? longestMs);
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
    // It may end before it has read everything.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      const result = { stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), code };
      if (hung) reject(new Error(`${program} ${args.join(' ')} hung; it printed ${result.stdout}${result.stderr}`));
      else resolve(result);
    });
  });
}
