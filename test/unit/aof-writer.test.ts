/** The open end of the append only file on a disk that does as it is told: what is written, flushed and promised when. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppendFile } from '../../src/io/world.ts';
import { AofWriter, BUFFER_MAX_BYTES } from '../../src/persistence/aof-writer.ts';
import { MemoryLog, VirtualClock } from './support/sim-network.ts';

class Subject {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog();
  readonly settings = { appendfsync: 'everysec' as 'everysec' | 'always' | 'no', noAppendfsyncOnRewrite: false };
  offset = 0;
  content = '';
  /** Bytes of `content` that are on disk. */
  onDisk = 0;
  failing: string | undefined;
  syncFailing: string | undefined;
  saving = false;
  gaveUp = 0;
  overflows = 0;
  /** Ends the fsyncs under way. */
  readonly ends: (() => void)[] = [];
  readonly writer: AofWriter = new AofWriter({
    clock: this.clock,
    log: this.log,
    latency: { enabled: false, add: () => {} },
    settings: this.settings,
    saving: () => this.saving,
    offset: () => this.offset,
    synced: () => {},
    syncFailed: () => this.gaveUp++,
    overflowed: () => this.overflows++,
  });

  constructor() {
    this.writer.open(this.file(), 0);
  }

  file(): AppendFile {
    const fail = (code: string | undefined): void => {
      if (code !== undefined) throw Object.assign(new Error(code), { code });
    };
    return {
      sizeSync: () => this.content.length,
      appendSync: (bytes) => {
        fail(this.failing);
        this.content += Buffer.from(bytes).toString();
        return bytes.length;
      },
      truncateSync: (size) => {
        this.content = this.content.slice(0, size);
      },
      syncSync: () => {
        fail(this.syncFailing);
        this.onDisk = this.content.length;
      },
      sync: async () => {
        const size = this.content.length;
        await new Promise<void>((resolve) => this.ends.push(resolve));
        fail(this.syncFailing);
        this.onDisk = size;
      },
      closeSync: () => {},
    };
  }

  feed(text: string): void {
    const bytes = Buffer.from(text);
    this.offset += bytes.length;
    this.writer.feed(bytes, 0, bytes.length);
  }

  /** Lets the fsync under way end. */
  async endSync(): Promise<void> {
    await this.clock.advance(0);
    this.ends.shift()!();
    await this.clock.advance(0);
  }
}

test('always: a flush returns only when everything is on disk', () => {
  const subject = new Subject();
  subject.settings.appendfsync = 'always';
  subject.feed('abc');
  assert.equal(subject.content, '');
  assert.equal(subject.writer.flush(), true);
  assert.deepEqual([subject.content, subject.onDisk], ['abc', 3]);
  assert.equal(subject.writer.syncedOffset, 3);
});

test('everysec: one fsync a second in the background, and the offset follows when it is done', async () => {
  const subject = new Subject();
  subject.feed('a');
  subject.writer.flush();
  await subject.clock.advance(0);
  assert.equal(subject.ends.length, 1);
  assert.equal(subject.writer.syncedOffset, 0);
  await subject.endSync();
  assert.equal(subject.writer.syncedOffset, 1);
  subject.feed('b');
  subject.writer.flush();
  assert.deepEqual([subject.content, subject.ends.length], ['ab', 0], 'the second is not over');
  assert.equal(subject.writer.syncedOffset, 1);
  await subject.clock.advance(1000);
  assert.equal(subject.ends.length, 1, 'it is flushed although nothing more was fed');
  await subject.endSync();
  assert.equal(subject.writer.syncedOffset, 2);
});

test('everysec: a write waits for an fsync under way, two seconds at most', async () => {
  const subject = new Subject();
  subject.feed('a');
  subject.writer.flush();
  subject.feed('b');
  assert.equal(subject.writer.flush(), true);
  assert.equal(subject.content, 'a');
  await subject.clock.advance(1999);
  assert.equal(subject.content, 'a');
  await subject.clock.advance(1);
  assert.equal(subject.content, 'ab', 'although nobody called');
  assert.equal(subject.writer.delayedSyncs, 1);
  assert.equal(subject.log.count('Asynchronous AOF fsync is taking too long'), 1);
  subject.feed('c');
  subject.writer.flush();
  assert.equal(subject.content, 'ab');
  await subject.endSync();
  assert.equal(subject.content, 'abc', 'the end of the fsync lets it go');
});

test('no-appendfsync-on-rewrite leaves fsyncs out while a file is saved', () => {
  const subject = new Subject();
  subject.settings.appendfsync = 'always';
  subject.settings.noAppendfsyncOnRewrite = true;
  subject.saving = true;
  subject.feed('a');
  assert.equal(subject.writer.flush(), true);
  assert.deepEqual([subject.content, subject.onDisk], ['a', 0]);
  subject.saving = false;
  subject.writer.flush();
  assert.equal(subject.onDisk, 1);
});

test('always: a turn whose bytes the disk refused is not safe, also when they were refused in the midst of it', () => {
  const subject = new Subject();
  subject.settings.appendfsync = 'always';
  subject.failing = 'ENOSPC';
  subject.feed('a');
  assert.equal(subject.writer.flush(), false);
  assert.equal(subject.writer.writeError, 'No space left on device');
  assert.equal(subject.writer.flush(), true, 'nothing new was promised');
  subject.failing = undefined;
  assert.equal(subject.writer.flush(), true);
  assert.deepEqual([subject.content, subject.onDisk, subject.writer.writeError], ['a', 1, '']);

  subject.failing = 'EIO';
  subject.feed('x'.repeat(33 * 1024 * 1024));
  assert.notEqual(subject.writer.writeError, '', 'so much is written before the turn ends');
  subject.feed('b');
  assert.equal(subject.writer.flush(), false);
});

test('a failed fsync is told, and is no reason to call anything safe', async () => {
  const subject = new Subject();
  subject.syncFailing = 'EIO';
  subject.feed('a');
  subject.writer.flush();
  await subject.endSync();
  assert.equal(subject.gaveUp, 1);
  assert.equal(subject.writer.syncedOffset, 0);
  subject.settings.appendfsync = 'always';
  subject.feed('b');
  assert.equal(subject.writer.flush(), false);
  assert.equal(subject.gaveUp, 2);
});

test('while the disk takes nothing the buffer is bounded', () => {
  const subject = new Subject();
  subject.failing = 'ENOSPC';
  const piece = 'x'.repeat(16 * 1024 * 1024);
  for (let fed = 0; fed <= BUFFER_MAX_BYTES; fed += piece.length) subject.feed(piece);
  assert.equal(subject.overflows, 1);
  assert.equal(subject.writer.bufferBytes, 0);
});
