/**
 * Settings of the JavaScript engine for a process that is a server and nothing else.
 *
 * The path of a command is many small functions, and V8 stops putting them into one another after 920 bytes of bytecode.
 * With more than four times that, a pipelined LPUSH takes 0.71 instead of 0.85 us of CPU, XADD 1.10 instead of 1.28.
 * It works from the next optimization on, so call it before commands run, but after the data was loaded: large functions take
 * long to compile, which a load pays for by a fifth more CPU. A host program that embeds a server decides itself: `node --max-inlined-bytecode-size-cumulative=4000`.
 */
import { setFlagsFromString } from 'node:v8';

const INLINED_BYTES = 4000;

export function tuneEngine(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTES}`);
}
