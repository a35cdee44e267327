/**
 * One greeting under way: the machine of handshake.ts with a connection. It reads reply lines, performs what the machine
 * says, and stops at its last state, which the link (link.ts) acts upon.
 */
import type { Log } from '../../base/ambient.ts';
import type { Connection } from '../../io/world.ts';
import { command, SYNC } from '../wire.ts';
import {
  type HandshakeAction,
  type HandshakeEvent,
  type HandshakePlan,
  type HandshakeState,
  initialHandshake,
  step,
} from './handshake.ts';

/** Longest reply line. */
const MAX_LINE_BYTES = 1024;

export class Greeting {
  readonly plan: HandshakePlan;
  state: HandshakeState = initialHandshake;
  /** The master said so in this greeting. */
  masterPipelines = false;
  readonly #connection: Connection;
  readonly #log: Log;
  #line = '';

  constructor(plan: HandshakePlan, connection: Connection, log: Log) {
    this.plan = plan;
    this.#connection = connection;
    this.#log = log;
  }

  advance(event: HandshakeEvent): void {
    const { state, actions } = step(this.plan, this.state, event);
    this.state = state;
    const out: Uint8Array[] = [];
    for (const action of actions) {
      if (action.kind === 'master-pipelines') this.masterPipelines = true;
      else if (action.kind !== 'log') out.push(bytesOf(action));
    }
    // First what the master waits for: it works while we write our log.
    if (out.length > 0) this.#connection.write(Buffer.concat(out));
    for (const action of actions) if (action.kind === 'log') this.#log[action.level](action.message);
  }

  /** Feeds whole lines to the machine, up to its last state; returns where the next phase's bytes begin. */
  read(bytes: Uint8Array): number {
    let at = 0;
    while (!this.#ended && at < bytes.length) {
      const end = bytes.indexOf(0x0a, at);
      const stop = end < 0 ? bytes.length : end;
      if (this.#line.length + stop - at > MAX_LINE_BYTES) {
        this.advance({ kind: 'line-too-long' });
        return bytes.length;
      }
      this.#line += Buffer.from(bytes.subarray(at, stop)).toString('latin1');
      if (end < 0) return bytes.length;
      at = end + 1;
      const text = this.#line.replace(/\r$/, '');
      this.#line = '';
      this.advance({ kind: 'line', text });
    }
    return at;
  }

  get #ended(): boolean {
    const { tag } = this.state;
    return tag === 'failed' || tag === 'full-resync' || tag === 'continue';
  }
}

function bytesOf(action: HandshakeAction & { readonly kind: 'send' | 'send-sync' }): Uint8Array {
  return action.kind === 'send' ? command(...action.words) : SYNC;
}
