/**
 * A disk that fails when told to: the real one behind it, and in front a rule that names the call, the file and the error.
 * Every call is written down, so that a test can go through all that an operation makes, one after the other.
 */
import { basename } from 'node:path';
import { nodeDisk } from '../../src/io/node-disk.ts';
import type { AppendFile, Disk, DiskFile, DiskReader } from '../../src/io/world.ts';

export type DiskCall =
  | 'create'
  | 'write'
  | 'sync'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'openAppend'
  | 'append'
  | 'truncate'
  | 'makeDirectory'
  | 'size'
  | 'openRead'
  | 'read';

interface Rule {
  readonly call: DiskCall;
  readonly code: string;
  readonly file: RegExp;
}

export function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: as told`), { code });
}

export class FaultyDisk implements Disk {
  readonly #disk: Disk = nodeDisk();
  #rules: Rule[] = [];
  /** Calls that were made to fail. */
  failures = 0;
  /** An append writes half of its bytes, and the next one fails. */
  shortAppends = false;
  /** What was called on which file, in order. */
  readonly calls: string[] = [];

  /** From now on the call fails on files whose name matches. */
  fail(call: DiskCall, code: string, file: RegExp = /./): void {
    this.#rules.push({ call, code, file });
  }

  heal(): void {
    this.#rules = [];
    this.shortAppends = false;
  }

  #check(call: DiskCall, path: string): void {
    const name = basename(path);
    this.calls.push(`${call} ${name}`);
    const rule = this.#rules.find((one) => one.call === call && one.file.test(name));
    if (rule === undefined) return;
    this.failures++;
    throw systemError(rule.code);
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.#disk.readFile(path);
  }

  readFileSync(path: string): Uint8Array {
    this.#check('read', path);
    return this.#disk.readFileSync(path);
  }

  exists(path: string): boolean {
    return this.#disk.exists(path);
  }

  async create(path: string): Promise<DiskFile> {
    this.#check('create', path);
    return this.#file(await this.#disk.create(path), path);
  }

  createSync(path: string): DiskFile {
    this.#check('create', path);
    return this.#file(this.#disk.createSync(path), path);
  }

  #file(file: DiskFile, path: string): DiskFile {
    const check = (call: DiskCall): void => this.#check(call, path);
    return {
      write: async (bytes) => {
        check('write');
        await file.write(bytes);
      },
      writeSync: (bytes) => {
        check('write');
        file.writeSync(bytes);
      },
      sync: async () => {
        check('sync');
        await file.sync();
      },
      syncSync: () => {
        check('sync');
        file.syncSync();
      },
      close: () => file.close(),
      closeSync: () => file.closeSync(),
    };
  }

  renameSync(from: string, to: string): void {
    this.#check('rename', to);
    this.#disk.renameSync(from, to);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#check('rename', to);
    await this.#disk.rename(from, to);
  }

  removeSync(path: string): void {
    this.#check('remove', path);
    this.#disk.removeSync(path);
  }

  async remove(path: string): Promise<void> {
    this.#check('remove', path);
    await this.#disk.remove(path);
  }

  syncDirectorySync(path: string): void {
    this.#check('syncDirectory', path);
    this.#disk.syncDirectorySync(path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#check('syncDirectory', path);
    await this.#disk.syncDirectory(path);
  }

  async openRead(path: string): Promise<DiskReader> {
    this.#check('openRead', path);
    const reader = await this.#disk.openRead(path);
    return {
      size: reader.size,
      read: async (target) => {
        this.#check('read', path);
        return reader.read(target);
      },
      close: () => reader.close(),
    };
  }

  replaceFileSync(path: string, bytes: Uint8Array): void {
    this.#disk.replaceFileSync(path, bytes);
  }

  openAppendSync(path: string, empty: boolean): AppendFile {
    this.#check('openAppend', path);
    const file = this.#disk.openAppendSync(path, empty);
    let halves = 0;
    return {
      sizeSync: () => file.sizeSync(),
      appendSync: (bytes) => {
        this.#check('append', path);
        if (!this.shortAppends) return file.appendSync(bytes);
        if (halves++ % 2 === 1) throw systemError('ENOSPC');
        return file.appendSync(bytes.subarray(0, Math.ceil(bytes.length / 2)));
      },
      truncateSync: (size) => {
        this.#check('truncate', path);
        file.truncateSync(size);
      },
      syncSync: () => {
        this.#check('sync', path);
        file.syncSync();
      },
      sync: async () => {
        this.#check('sync', path);
        await file.sync();
      },
      closeSync: () => file.closeSync(),
    };
  }

  sizeSync(path: string): number {
    this.#check('size', path);
    return this.#disk.sizeSync(path);
  }

  truncateSync(path: string, size: number): void {
    this.#check('truncate', path);
    this.#disk.truncateSync(path, size);
  }

  makeDirectorySync(path: string): void {
    this.#check('makeDirectory', path);
    this.#disk.makeDirectorySync(path);
  }
}
