/**
 * The few commands that replication itself writes, and the parts of its wire format that both roles share.
 * Cold: nothing here runs per propagated command.
 */

/** What a master asks its replicas when someone waits for acknowledgements. */
export const GETACK: Uint8Array = command('REPLCONF', 'GETACK', '*');
/** The master's sign of life in the stream; Redis spells it in lower case. */
export const STREAM_PING: Uint8Array = command('ping');
/** Either side's sign of life while a snapshot is made or loaded. */
export const NEWLINE: Uint8Array = Buffer.from('\n');
/** The request of masters older than PSYNC, and our fall-back towards them; inline as Redis sends it. */
export const SYNC: Uint8Array = Buffer.from('SYNC\r\n');
/**
 * Capability of ours: a replica that announces it may send PSYNC right behind the rest of its greeting, without waiting for
 * the answers. A master that knows it names it behind its `OK`; all others ignore it, as they do with what is new to them.
 */
export const CAPA_PIPELINED_PSYNC = 'pipelined-psync';
/** Length of the random mark that ends a payload of unknown length. */
export const EOF_MARK_BYTES = 40;

/** RESP request bytes. Strings are latin1: one char a byte. */
export function command(...words: readonly string[]): Uint8Array {
  let text = `*${words.length}\r\n`;
  for (const word of words) text += `$${word.length}\r\n${word}\r\n`;
  return Buffer.from(text, 'latin1');
}

const MAX_INT64 = 2n ** 63n - 1n;

/**
 * An offset as Redis reads it: a signed 64-bit decimal without sign games. Beyond what a JS number holds exactly no real
 * history reaches; such a value is clamped, which a master refuses as "ahead" all the same.
 */
export function parseOffset(text: string): number | undefined {
  if (!/^(0|-?[1-9][0-9]{0,18})$/.test(text)) return undefined;
  const exact = BigInt(text);
  if (exact > MAX_INT64 || exact < -MAX_INT64 - 1n) return undefined;
  return Math.max(Math.min(Number(exact), Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER);
}
