/**
 * Reading into one buffer that all connections of a network share. By default Node allocates 64 KiB for each read;
 * a buffer of our own saves 1.1 of 9.6 us of CPU for a small unpipelined command, and the garbage. It is safe
 * because a read and its `onData` are one synchronous step, and bytes are valid only during `onData`.
 *
 * For an outgoing socket this is Node's documented `onread`. Accepted sockets have no such option, so we make them
 * ourselves, from the handle; where Node does not offer that, reads work as usual, only slower.
 */
import * as net from 'node:net';
import { type Viewed, viewed } from '../base/viewed.ts';

/** The most that one `onData` can get. */
const readBytes = 128 * 1024;

const scrubByte = 0xdb;

type Deliver = (bytes: Uint8Array) => void;

export class SharedReads {
  readonly #buffer: Uint8Array = viewed(new Uint8Array(readBytes));
  readonly #scrub: boolean;

  /** `scrub` overwrites the bytes after each delivery, so that a view kept too long fails at once (for tests). */
  constructor(scrub: boolean) {
    this.#scrub = scrub;
  }

  /** The `onread` option of a new socket. The socket then has no 'data' events, and needs a `resume` to see the end. */
  onread(deliver: Deliver): net.OnReadOpts {
    const buffer = this.#buffer;
    const scrub = this.#scrub;
    const { view } = buffer as Required<Viewed>;
    return {
      buffer,
      callback: (length) => {
        const chunk: Viewed = buffer.subarray(0, length);
        chunk.view = view;
        deliver(chunk);
        if (scrub) buffer.fill(scrubByte, 0, length);
        return true;
      },
    };
  }

  /**
   * Sockets that a listening server accepts from now on read into the buffer, as far as this Node lets us make them;
   * others still reach the server's own listener. `take` gets what makes the socket of one connection.
   */
  acceptFrom(server: net.Server, noDelay: boolean, take: (open: OpenSocket) => void): void {
    const handle = (server as unknown as { readonly _handle: ListeningHandle | null })._handle;
    const usual = handle?.onconnection;
    if (handle === null || typeof usual !== 'function') return;
    handle.onconnection = (status, accepted) => {
      if (status !== 0 || typeof accepted?.useUserBuffer !== 'function') {
        usual.call(handle, status, accepted);
        return;
      }
      take((deliver) => {
        const options = { handle: accepted, allowHalfOpen: true, onread: this.onread(deliver) };
        const socket = new net.Socket(options as net.SocketConstructorOpts);
        if (noDelay) socket.setNoDelay(true);
        socket.resume();
        return socket;
      });
    };
  }
}

/** Makes the socket of an accepted connection; what it reads goes to `deliver`. */
export type OpenSocket = (deliver: (bytes: Uint8Array) => void) => net.Socket;

/** The part of Node's handle of a listening socket that tells of new connections. */
interface ListeningHandle {
  onconnection?: (status: number, accepted: Handle | undefined) => void;
}

/** The part of Node's stream handle that tells whether it reads into a buffer of ours. */
interface Handle {
  readonly useUserBuffer?: (buffer: Uint8Array) => void;
}
