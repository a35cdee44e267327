/**
 * Settings of the JavaScript engine for a process that is a server and nothing else.
 *
 * The path of a command is many small functions, and V8 stops putting them into one another after 920 bytes of bytecode.
 * With more than four times that, a pipelined LPUSH takes 0.71 instead of 0.85 us of CPU, XADD 1.10 instead of 1.28.
 * It works from the next optimization on. Large functions take long to compile, on threads that want processors together with
 * everybody else: while data is loaded V8 keeps its own rule. Else a load would take a fifth more CPU, and the clients of a master
 * whose replica is on the same machine would wait up to 4 ms longer.
 *
 * What runs seldom is interpreted: all of a replica's reconnect, and the commands after it whose optimized code met something
 * new there. With simple machine code for every function from its first call on, a replica has all it missed after 2.8 instead
 * of 3.6 ms. Set after the start, it adds nothing to the time of that.
 *
 * What runs still more seldom V8 forgets: code that its collector has not seen run a few times is to be compiled anew. Here a
 * replica's reconnect and a snapshot keep what they have.
 *
 * The data is not on V8's heap, which is some 15 MB large: a full collection marks for some milliseconds, and by its own rules there
 * are two a second under load. With room for four times what was alive there is hardly one a minute. The room is counted from the
 * collection before, so there is one at the start: else the next would come in the middle of the first full sync.
 *
 * Those collections mark on the main thread, in steps of 0.2 ms, 16 ms in all. V8 would do it beside, but Linux may put its thread on
 * the processor where the server runs and leave it there for 4 ms, though the other one is idle: the longest stall in a full sync of
 * 4 million keys with a writer was 6.4 ms without those threads and 8.0 with them, medians of four.
 *
 * A host program that embeds a server decides itself, with the same words behind `node`.
 */
import { setFlagsFromString } from 'node:v8';
import { callCollector } from '../base/collector.ts';

/** V8's own. */
const INLINED_WHILE_LOADING_BYTES = 920;
const INLINED_BYTES = 4000;
/** How much V8's heap may grow after a full collection before the next one. */
const HEAP_GROWS_PERCENT = 400;

/** To be called once the server has started. */
export function tuneEngine(): void {
  setFlagsFromString('--always-sparkplug');
  setFlagsFromString('--no-flush-bytecode');
  setFlagsFromString('--no-concurrent-marking');
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWS_PERCENT}`);
  tuneForLoading(false);
  callCollector();
}

/** Data is being loaded from now on, or no longer. */
export function tuneForLoading(loading: boolean): void {
  const bytes = loading ? INLINED_WHILE_LOADING_BYTES : INLINED_BYTES;
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${bytes}`);
}
