/**
 * MIGRATE's way to another server: AUTH, SELECT and a RESTORE for each key in one pipeline, and what the other side answers.
 *
 *   connect -> write all -> read one line for each command -> done
 *
 * Each step may take `timeoutMs`. Keys that were restored are moved, whatever became of the others.
 */
import type { Clock, Timer } from '../base/ambient.ts';
import { errors } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import type { Connection, Network } from '../io/world.ts';
import type { MigrateRequest, MigrateResult } from '../commands/services.ts';
import type { Database } from '../store/database.ts';
import type { Server } from './server.ts';

/** A reply that is longer than this comes from no server that we know. */
const LINE_MAX = 64 * 1024;

/** As `Services.migrate`. */
export async function migrateKeys(
  server: Server,
  request: MigrateRequest,
  database: number,
  move: boolean,
): Promise<string | undefined> {
  const { space } = server.store;
  const { isReplica } = space;
  server.pauses.pause('migrate', 'write', Infinity);
  try {
    const { moved, error } = await migrate(server.world.network, server.clock, request);
    // A master's data by now: a deletion of ours would make it another.
    if (move && isReplica !== space.isReplica) return errors.unblockedByRole.text;
    if (move) {
      const keys = moved.map((index) => request.keys[index]!.key);
      deleteMoved(server, space.databases[database]!, keys);
    }
    server.endOfTurn.schedule();
    return error;
  } finally {
    server.pauses.end('migrate');
  }
}

/** They live elsewhere now; those that went meanwhile are no deletion of ours. */
function deleteMoved({ propagation, call, keyEvents }: Server, db: Database, keys: readonly Uint8Array[]): void {
  const deleted = keys.filter((key) => db.remove(key, 0, key.length));
  if (deleted.length === 0) return;
  const effect = propagation.begin(db.index, deleted.length + 1).text('DEL');
  for (const key of deleted) effect.bytes(key, 0, key.length);
  propagation.flush();
  for (const key of deleted) {
    call.changedKey(db, key, 0, key.length);
    keyEvents.notify(keyspaceEvents.generic, 'del', db.index, key, 0, key.length);
  }
}

function migrate(network: Network, clock: Clock, request: MigrateRequest): Promise<MigrateResult> {
  return new Promise((resolve) => {
    new Migration(network, clock, request, resolve).start();
  });
}

class Migration {
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #request: MigrateRequest;
  readonly #resolve: (result: MigrateResult) => void;
  #connection: Connection | undefined;
  #timer: Timer | undefined;
  #open = false;
  #over = false;
  #line = '';
  /** Commands whose replies were read; those before the first RESTORE are `#before`. */
  #answered = 0;
  #before = 0;
  /** The user or the database was refused. */
  #refused = false;
  readonly #moved: number[] = [];
  #error: string | undefined;

  constructor(network: Network, clock: Clock, request: MigrateRequest, resolve: (result: MigrateResult) => void) {
    this.#network = network;
    this.#clock = clock;
    this.#request = request;
    this.#resolve = resolve;
  }

  start(): void {
    const { host, port } = this.#request;
    this.#wait();
    const connection = this.#network.connect({ kind: 'tcp', host, port });
    this.#connection = connection;
    connection.handle({
      onOpen: () => {
        this.#open = true;
        this.#wait();
        for (const bytes of this.#commands()) connection.write(bytes);
      },
      onData: (bytes) => this.#read(Buffer.from(bytes).toString('latin1')),
      onClose: (error) => {
        if (this.#open) this.#fail('reading from');
        else this.#fail(error?.code === 'ECONNREFUSED' ? 'writing to' : 'connecting');
      },
    });
  }

  /** All commands in RESP. */
  #commands(): Uint8Array[] {
    const { auth, database, keys, replace } = this.#request;
    const pieces: Uint8Array[] = [];
    const command = (...words: readonly (string | Uint8Array)[]): void => {
      pieces.push(Buffer.from(`*${words.length}\r\n`));
      for (const word of words) {
        const bytes = typeof word === 'string' ? Buffer.from(word, 'latin1') : word;
        pieces.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
      }
    };
    if (auth !== undefined) command('AUTH', ...auth);
    command('SELECT', String(database));
    this.#before = auth === undefined ? 1 : 2;
    for (const { key, ttlMs, payload } of keys)
      command('RESTORE', key, String(ttlMs), payload, ...(replace ? ['REPLACE'] : []));
    return pieces;
  }

  #read(text: string): void {
    this.#line += text;
    this.#wait();
    for (;;) {
      const end = this.#line.indexOf('\r\n');
      if (end < 0) break;
      const line = this.#line.slice(0, end);
      this.#line = this.#line.slice(end + 2);
      this.#answer(line);
      if (this.#over) return;
    }
    if (this.#line.length > LINE_MAX) this.#fail('reading from');
  }

  #answer(line: string): void {
    const key = this.#answered++ - this.#before;
    if (line.startsWith('-')) {
      this.#error ??= `ERR Target instance replied with error: ${line.slice(1)}`;
      this.#refused ||= key < 0;
    } else if (!line.startsWith('+')) {
      this.#fail('reading from');
      return;
    }
    // In a database or as a user that was not asked for, nothing is moved.
    else if (key >= 0 && !this.#refused) this.#moved.push(key);
    if (key === this.#request.keys.length - 1) this.#finish();
  }

  #wait(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.#request.timeoutMs, () =>
      this.#fail(this.#open ? 'reading from' : 'connecting'),
    );
  }

  #fail(stage: 'connecting' | 'writing to' | 'reading from'): void {
    const where = stage === 'connecting' ? 'connecting to the client' : `${stage} target instance`;
    this.#error ??= `IOERR error or timeout ${where}`;
    this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#connection?.destroy();
    this.#resolve({ moved: this.#moved, error: this.#error });
  }
}
