/**
 * Every call to the disk fails in turn, while a server writes its files: a line in the log, refused writes where Redis
 * refuses them, no crash, no half file under a final name, and recovery once the disk is back. What was acknowledged is
 * there after the next start, whatever failed.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer, type HeadwaterServer } from '../../src/api/index.ts';
import { nodeWorld } from '../../src/io/node-world.ts';
import { type DiskCall, FaultyDisk } from '../support/faulty-disk.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { infoOf } from '../support/replication.ts';
import { ReplyError } from '../support/resp.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runTool } from '../support/tools.ts';
import { waitFor } from '../support/wait.ts';

const TIMEOUT = { timeout: 120_000 };

class Subject {
  readonly dir = tempDir();
  readonly disk = new FaultyDisk();
  readonly #logFile: string = join(this.dir.path, 'log');
  server!: HeadwaterServer;
  client!: RawClient;
  /** What SET acknowledged. */
  readonly written = new Map<string, string>();
  #count = 0;

  async start(directives: Readonly<Record<string, string>> = {}): Promise<void> {
    const world = { ...nodeWorld({ log: { file: this.#logFile } }), disk: this.disk };
    this.server = await createServer({ world, directives: { dir: this.dir.path, ...directives } });
    this.client = await connectRaw(this.server.port);
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.server.close();
  }

  async end(): Promise<void> {
    await this.stop();
    this.dir.remove();
  }

  log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  logged(line: RegExp): Promise<boolean> {
    return waitFor(() => line.test(this.log()), { what: `the line ${String(line)} in the log` });
  }

  /** Sets a key of its own; true if it was acknowledged. A connection that ends is opened again. */
  async write(): Promise<boolean> {
    const key = `k${this.#count++}`;
    let reply;
    try {
      reply = await this.client.value('SET', key, key);
    } catch {
      this.client = await connectRaw(this.server.port);
      return false;
    }
    if (reply instanceof ReplyError) {
      assert.match(reply.message, /^MISCONF /);
      return false;
    }
    this.written.set(key, key);
    return true;
  }

  async writes(expected: boolean): Promise<void> {
    await waitFor(async () => (await this.write()) === expected, {
      what: `writes to be ${expected ? 'taken' : 'refused'}`,
    });
  }

  /** Starts anew from the files, with a good disk; everything acknowledged must be there. */
  async restart(directives: Readonly<Record<string, string>>): Promise<void> {
    await this.stop();
    this.disk.heal();
    await this.start(directives);
    for (const [key, value] of this.written)
      assert.equal(await this.client.ok('GET', key), value, `${key} was acknowledged`);
  }

  async info(field: string): Promise<string | undefined> {
    return (await infoOf(this.client, 'persistence')).get(field);
  }
}

const aof = (appendfsync: string): Record<string, string> => ({ appendonly: 'yes', appendfsync });

async function assertClean(dir: string): Promise<void> {
  const { stdout, code } = await runTool('redis-check-aof', [join(dir, 'appendonlydir', 'appendonly.aof.manifest')]);
  assert.equal(code, 0, stdout);
}

const saveCalls: readonly (readonly [DiskCall, string, RegExp])[] = [
  ['create', 'EACCES', /Failed opening the temp RDB file .* Permission denied/],
  ['write', 'ENOSPC', /Write error saving DB on disk.*No space left on device/],
  ['sync', 'EIO', /Write error saving DB on disk.*Input\/output error/],
  ['rename', 'EACCES', /Error moving temp DB file .* Permission denied/],
  ['syncDirectory', 'EIO', /Write error saving DB on disk\(fsyncFileDir\).*Input\/output error/],
];

for (const [call, code, line] of saveCalls)
  for (const command of ['SAVE', 'BGSAVE'])
    test(`${command} on a disk whose ${call} fails leaves a whole file, and says so`, TIMEOUT, async () => {
      const subject = new Subject();
      try {
        await subject.start({ save: '3600 1' });
        await subject.client.ok('SET', 'a', '1');
        await subject.client.ok('SAVE');
        const file = join(subject.dir.path, 'dump.rdb');
        const before = readFileSync(file);
        await subject.client.ok('SET', 'a', '2');
        subject.disk.fail(call, code);
        if (command === 'SAVE') assert.ok((await subject.client.value('SAVE')) instanceof ReplyError);
        else {
          await subject.client.ok('BGSAVE');
          await waitFor(async () => (await subject.info('rdb_last_bgsave_status')) === 'err', {
            what: 'the save to fail',
          });
          const refusal = await subject.client.value('SET', 'b', '1');
          assert.match(String((refusal as ReplyError).message), /^MISCONF Redis is configured to save RDB snapshots/);
          assert.match(String(((await subject.client.value('PING')) as ReplyError).message), /^MISCONF/);
        }
        await subject.logged(line);
        if (call !== 'syncDirectory') assert.deepEqual(readFileSync(file), before);
        subject.disk.heal();
        assert.deepEqual(
          readdirSync(subject.dir.path).filter((name) => name.startsWith('temp-')),
          [],
        );
        await subject.client.ok('BGSAVE');
        await waitFor(async () => (await subject.info('rdb_bgsave_in_progress')) === '0', { what: 'the save to end' });
        assert.equal(await subject.info('rdb_last_bgsave_status'), 'ok');
        await subject.client.ok('SET', 'b', '1');
      } finally {
        await subject.end();
      }
    });

for (const [appendfsync, call, code, line] of [
  ['everysec', 'append', 'ENOSPC', /Error writing to the AOF file: No space left on device/],
  ['everysec', 'append', 'EIO', /Error writing to the AOF file: Input\/output error/],
  ['everysec', 'sync', 'EIO', /Fail to fsync the AOF file: Input\/output error/],
  ['always', 'append', 'ENOSPC', /Error writing to the AOF file: No space left on device/],
  ['always', 'sync', 'EIO', /Fail to fsync the AOF file: Input\/output error/],
  ['no', 'append', 'EDQUOT', /Error writing to the AOF file: Disk quota exceeded/],
] as const)
  test(
    `appending with appendfsync ${appendfsync} to a disk whose ${call} fails (${code}): writes are refused until it is back`,
    TIMEOUT,
    async () => {
      const subject = new Subject();
      try {
        await subject.start(aof(appendfsync));
        await subject.writes(true);
        subject.disk.fail(call, code, /incr/);
        await subject.writes(false);
        await subject.logged(line);
        assert.equal(await subject.info('aof_last_write_status'), 'err');
        assert.equal(await subject.client.value('GET', 'k0').catch(() => 'closed'), 'k0', 'reads go on');
        subject.disk.heal();
        await subject.writes(true);
        assert.equal(await subject.info('aof_last_write_status'), 'ok');
        await subject.restart(aof(appendfsync));
        await assertClean(subject.dir.path);
      } finally {
        await subject.end();
      }
    },
  );

test('with appendfsync always nobody is told of a write that the disk did not take', TIMEOUT, async () => {
  const subject = new Subject();
  try {
    await subject.start(aof('always'));
    await subject.client.ok('SET', 'a', '1');
    subject.disk.fail('append', 'ENOSPC');
    await assert.rejects(subject.client.value('SET', 'a', '2'), /closed/);
    subject.client = await connectRaw(subject.server.port);
    assert.match(
      String(((await subject.client.value('SET', 'a', '3')) as ReplyError).message),
      /^MISCONF Errors writing to the AOF file: No space left on device/,
    );
  } finally {
    await subject.end();
  }
});

for (const truncates of [true, false])
  test(
    `a short write is ${truncates ? 'taken back' : 'gone on from, if it cannot be taken back'}`,
    TIMEOUT,
    async () => {
      const subject = new Subject();
      const incr = join(subject.dir.path, 'appendonlydir', 'appendonly.aof.1.incr.aof');
      try {
        await subject.start(aof('everysec'));
        await subject.writes(true);
        const before = readFileSync(incr).length;
        subject.disk.shortAppends = true;
        if (!truncates) subject.disk.fail('truncate', 'EIO');
        await subject.writes(false);
        await subject.logged(/Short write while writing to the AOF file/);
        if (truncates) assert.equal(readFileSync(incr).length, before);
        else await subject.logged(/Could not remove short write/);
        subject.disk.heal();
        await subject.writes(true);
        await subject.logged(/AOF write error looks solved/);
        await subject.restart(aof('everysec'));
        await assertClean(subject.dir.path);
      } finally {
        await subject.end();
      }
    },
  );

for (const [call, file, line, begins] of [
  ['makeDirectory', /./, /Can't open or create append-only dir/, false],
  ['openAppend', /incr/, /Can't open the append-only file/, false],
  ['create', /manifest/, /Can't open the AOF manifest file/, false],
  ['write', /manifest/, /Error trying to write the temporary AOF manifest file/, false],
  ['sync', /manifest/, /Fail to fsync the temp AOF file/, false],
  ['rename', /manifest/, /Error trying to rename the temporary AOF manifest file/, false],
  ['create', /temp-rewriteaof/, /Write error writing append only file on disk: Permission denied/, true],
  ['write', /temp-rewriteaof/, /Write error writing append only file on disk: Permission denied/, true],
  ['sync', /temp-rewriteaof/, /Write error writing append only file on disk: Permission denied/, true],
  ['rename', /base/, /Error trying to rename the temporary AOF base file/, true],
] as const)
  test(
    `a rewrite on a disk whose ${call} of ${String(file)} fails leaves the old files in force`,
    TIMEOUT,
    async () => {
      const subject = new Subject();
      try {
        await subject.start(aof('always'));
        await subject.writes(true);
        subject.disk.fail(call, 'EACCES', file);
        const reply = await subject.client.value('BGREWRITEAOF');
        if (begins) assert.equal(reply, 'Background append only file rewriting started');
        else assert.match(String((reply as ReplyError).message), /^ERR Can't execute an AOF background rewriting/);
        await subject.logged(line);
        await waitFor(async () => (await subject.info('aof_last_bgrewrite_status')) === 'err', {
          what: 'the rewrite to fail',
        });
        assert.ok(await subject.write(), 'the old files are appended to');
        await subject.restart(aof('always'));
        await assertClean(subject.dir.path);
        await subject.client.ok('BGREWRITEAOF');
        await waitFor(async () => (await subject.info('aof_rewrite_in_progress')) === '0', {
          what: 'the rewrite to end',
        });
        assert.equal(await subject.info('aof_last_bgrewrite_status'), 'ok');
        await subject.writes(true);
        await subject.restart(aof('always'));
      } finally {
        await subject.end();
      }
    },
  );

test('a manifest that may not survive a power cut stops writes until its directory is flushed', TIMEOUT, async () => {
  const subject = new Subject();
  try {
    await subject.start(aof('always'));
    await subject.writes(true);
    subject.disk.fail('syncDirectory', 'EIO');
    await subject.client.ok('BGREWRITEAOF');
    await subject.logged(/Fail to fsync AOF directory/);
    await subject.writes(false);
    assert.ok(
      existsSync(join(subject.dir.path, 'appendonlydir', 'appendonly.aof.1.incr.aof')),
      'nothing is deleted yet',
    );
    subject.disk.heal();
    await subject.writes(true);
    await subject.restart(aof('always'));
  } finally {
    await subject.end();
  }
});

test('history that cannot be deleted does no harm', TIMEOUT, async () => {
  const subject = new Subject();
  try {
    await subject.start(aof('everysec'));
    await subject.writes(true);
    subject.disk.fail('remove', 'EACCES');
    await subject.client.ok('BGREWRITEAOF');
    await subject.logged(/Error removing the history file/);
    await subject.writes(true);
    await subject.restart(aof('everysec'));
  } finally {
    await subject.end();
  }
});

for (const [call, file] of [
  ['openAppend', /incr/],
  ['write', /temp-rewriteaof/],
  ['rename', /incr/],
  ['rename', /manifest/],
] as const)
  test(
    `CONFIG SET appendonly yes on a disk whose ${call} of ${String(file)} fails is refused or tried again`,
    TIMEOUT,
    async () => {
      const subject = new Subject();
      try {
        await subject.start();
        await subject.writes(true);
        subject.disk.fail(call, 'ENOSPC', file);
        const reply = await subject.client.value('CONFIG', 'SET', 'appendonly', 'yes');
        if (reply instanceof ReplyError) {
          assert.match(reply.message, /Unable to turn on AOF\. Check server logs\./);
          subject.disk.heal();
          await subject.client.ok('CONFIG', 'SET', 'appendonly', 'yes');
        } else {
          await waitFor(async () => (await subject.info('aof_last_bgrewrite_status')) === 'err', {
            what: 'the rewrite to fail',
          });
          subject.disk.heal();
        }
        await waitFor(
          async () =>
            (await subject.info('aof_last_bgrewrite_status')) === 'ok' &&
            (await subject.info('aof_rewrite_in_progress')) === '0' &&
            (await subject.info('aof_rewrite_scheduled')) === '0',
          { what: 'the first base to be written' },
        );
        await subject.writes(true);
        await subject.restart(aof('everysec'));
      } finally {
        await subject.end();
      }
    },
  );

for (const [call, file, line] of [
  ['makeDirectory', /./, /Can't open or create append-only dir/],
  ['openAppend', /incr/, /Can't open the append-only file/],
  ['rename', /manifest/, /Error trying to rename the temporary AOF manifest file/],
  ['write', /temp-rewriteaof/, /Write error writing append only file on disk/],
  ['read', /manifest/, /Fatal error: can't open the AOF manifest file/],
  ['size', /base/, /Unable to obtain the AOF file .* length\. stat/],
  ['openRead', /base/, /Fatal error: can't open the append log file .* for reading/],
  ['read', /incr/, /Unrecoverable error reading the append only file/],
] as const)
  test(
    `a start on a disk whose ${call} of ${String(file)} fails ends with the reason, and the next one works`,
    TIMEOUT,
    async () => {
      const subject = new Subject();
      try {
        if (call === 'read' || call === 'size' || call === 'openRead') {
          await subject.start(aof('always'));
          await subject.writes(true);
          await subject.stop();
        }
        subject.disk.fail(call, 'EACCES', file);
        await assert.rejects(subject.start(aof('always')));
        await subject.logged(line);
        subject.disk.heal();
        await subject.start(aof('always'));
        await subject.writes(true);
        await subject.restart(aof('always'));
      } finally {
        await subject.end();
      }
    },
  );
