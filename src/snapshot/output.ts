/**
 * The chunks of a snapshot between the walk and its consumers. They are shared: each consumer has a place in the queue, and a
 * chunk is let go when the slowest has taken it.
 *
 *   chunks   [ 17 ][ 18 ][ 19 ][ 20 ]
 *              ^ slow       ^ quick            held bytes = from the slowest to the end
 */
import { assert } from '../base/assert.ts';
import { Chunk, ChunkPool } from './chunks.ts';
import type { SnapshotConsumer, SnapshotRun } from './ports.ts';

export class Output {
  readonly #chunks: Chunk[] = [];
  /** Number of the first chunk that is held, and bytes in front of it. */
  #first = 0;
  #letGoBytes = 0;
  #producedBytes = 0;
  #ended = false;
  readonly seats: Set<Seat> = new Set();
  /** Somebody can take more, or has left. */
  readonly #wake: () => void;
  readonly pool: ChunkPool;

  constructor(chunkBytes: number, wake: () => void) {
    this.pool = new ChunkPool(chunkBytes);
    this.#wake = wake;
  }

  get producedBytes(): number {
    return this.#producedBytes;
  }

  get heldBytes(): number {
    return this.#producedBytes - this.#letGoBytes;
  }

  /** Nobody has taken anything yet. */
  get untouched(): boolean {
    for (const seat of this.seats) if (seat.begun) return false;
    return true;
  }

  join(consumer: SnapshotConsumer): Seat {
    const seat = new Seat(consumer, (left) => {
      if (left) this.#remove(seat);
      this.#wake();
    });
    this.seats.add(seat);
    return seat;
  }

  /** `bytes`: in memory of the pool; it belongs to the output from here on. */
  push(bytes: Uint8Array): void {
    this.#chunks.push(new Chunk(bytes, this.pool));
    this.#producedBytes += bytes.length;
  }

  /** Everything was pushed. */
  end(): void {
    this.#ended = true;
  }

  /** Gives every consumer what it takes, at least one chunk, until it is `late`. True if somebody took something. */
  pump(late: () => boolean): boolean {
    let progress = false;
    for (const seat of [...this.seats]) {
      if (seat.gone || seat.paused) continue;
      const before = seat.takenBytes;
      const begun = seat.begun;
      this.#feed(seat, late);
      if (seat.takenBytes !== before || seat.begun !== begun) progress = true;
    }
    this.#trim();
    return progress;
  }

  /** Bytes that the quickest consumer could still take; the walk is ahead of all by that. */
  get ahead(): number {
    let least = Infinity;
    for (const seat of this.seats) least = Math.min(least, this.#producedBytes - seat.takenBytes);
    return least;
  }

  /** The greatest answer of a consumer, 0 where none knows one: how much of a hurry it is in, or what waits for it behind the snapshot. */
  most(question: 'hurry' | 'waitingBytes'): number {
    let most = 0;
    for (const { consumer } of this.seats) most = Math.max(most, consumer[question]?.() ?? 0);
    return most;
  }

  /** The consumer that has most to take. */
  get slowest(): Seat | undefined {
    let slowest: Seat | undefined;
    for (const seat of this.seats) if (slowest === undefined || seat.takenBytes < slowest.takenBytes) slowest = seat;
    return slowest;
  }

  unreadBytes(seat: Seat): number {
    return this.#producedBytes - seat.takenBytes;
  }

  drop(seat: Seat, reason: string): void {
    if (!this.seats.has(seat)) return;
    this.#remove(seat);
    seat.gone = true;
    seat.consumer.fail(reason);
  }

  failAll(reason: string): void {
    for (const seat of [...this.seats]) this.drop(seat, reason);
  }

  #feed(seat: Seat, late: () => boolean): void {
    if (!seat.begun) {
      seat.begun = true;
      if (!this.#obey(seat, seat.consumer.begin(null))) return;
    }
    while (seat.next < this.#first + this.#chunks.length) {
      const chunk = this.#chunks[seat.next - this.#first];
      assert(chunk !== undefined, 'snapshot: a chunk was let go before its time');
      seat.next++;
      seat.takenBytes += chunk.bytes.length;
      seat.hold(chunk);
      if (!this.#obey(seat, seat.consumer.chunk(chunk.bytes))) return;
      if (late() && seat.next < this.#first + this.#chunks.length) return;
    }
    if (!this.#ended) return;
    this.#remove(seat);
    seat.gone = true;
    seat.consumer.end();
  }

  /** False: no more for this one now. */
  #obey(seat: Seat, answer: string): boolean {
    if (seat.gone) return false;
    if (answer === 'pause') seat.paused = true;
    else if (answer === 'stop') {
      seat.gone = true;
      this.#remove(seat);
    }
    return answer === 'more';
  }

  #remove(seat: Seat): void {
    this.seats.delete(seat);
    this.#trim();
  }

  #trim(): void {
    let next = Infinity;
    for (const seat of this.seats) next = Math.min(next, seat.next);
    while (this.#chunks.length > 0 && this.#first < next) {
      const chunk = this.#chunks.shift()!;
      this.#letGoBytes += chunk.bytes.length;
      this.#first++;
      chunk.letGo();
    }
  }
}

/** A consumer's place. */
export class Seat implements SnapshotRun {
  readonly consumer: SnapshotConsumer;
  readonly #changed: (left: boolean) => void;
  /** Number of the next chunk for it. */
  next = 0;
  takenBytes = 0;
  begun = false;
  paused = false;
  /** Done, cancelled or dropped. */
  gone = false;
  /** Monotonic ms since when it has not taken anything though there was something; -1 when it is not so. */
  stuckSinceMs = -1;
  /** `takenBytes` at the last look of the watchdog. */
  seenBytes = -1;
  /** Monotonic ms since when others wait for it; -1 when they do not. */
  laggingSinceMs = -1;
  /** Chunks that it was given and is not done with; those before them. */
  readonly #held: Chunk[] = [];
  #done = 0;

  constructor(consumer: SnapshotConsumer, changed: (left: boolean) => void) {
    this.consumer = consumer;
    this.#changed = changed;
  }

  resume(): void {
    if (!this.paused || this.gone) return;
    this.paused = false;
    this.#changed(false);
  }

  done(chunks: number): void {
    while (this.#done < chunks && this.#held.length > 0) {
      this.#held.shift()!.letGo();
      this.#done++;
    }
  }

  /** A chunk is about to be given to it. */
  hold(chunk: Chunk): void {
    chunk.hold();
    this.#held.push(chunk);
    if (this.#held.length <= MOST_HELD) return;
    // It does not say when it is done: the chunk will be garbage.
    this.#held.shift();
    this.#done++;
  }

  cancel(): void {
    if (this.gone) return;
    this.gone = true;
    this.#changed(true);
  }
}

/** Chunks of which is known that a consumer has them; they are not let go while they are. */
const MOST_HELD = 64;
