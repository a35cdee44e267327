/**
 * The real file system. The rule: a file becomes visible under its final name only when its bytes are
 * on the disk (write to a temporary file, fsync, rename, fsync the directory).
 * Errors are the system's own, with `code` (ENOENT, ENOSPC, ...).
 */
import * as fs from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { AppendFile, Disk, DiskFile, DiskReader } from './world.ts';

// Plain descriptors rather than FileHandle, which cannot be closed synchronously.
const open = promisify(fs.open);
const close = promisify(fs.close);
const fsync = promisify(fs.fsync);
const fdatasync = promisify(fs.fdatasync);
const fstat = promisify(fs.fstat);

export function nodeDisk(): Disk {
  return new NodeDisk();
}

class NodeDisk implements Disk {
  readFile(path: string): Promise<Uint8Array> {
    return readFile(path);
  }

  readFileSync(path: string): Uint8Array {
    return fs.readFileSync(path);
  }

  exists(path: string): boolean {
    return fs.existsSync(path);
  }

  async create(path: string): Promise<DiskFile> {
    return new NodeDiskFile(await open(path, 'w', 0o644));
  }

  createSync(path: string): DiskFile {
    return new NodeDiskFile(fs.openSync(path, 'w', 0o644));
  }

  renameSync(from: string, to: string): void {
    fs.renameSync(from, to);
  }

  removeSync(path: string): void {
    fs.rmSync(path);
  }

  syncDirectorySync(path: string): void {
    const descriptor = fs.openSync(path, 'r');
    try {
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  }

  async openRead(path: string): Promise<DiskReader> {
    const descriptor = await open(path, 'r');
    try {
      const facts = await fstat(descriptor);
      if (facts.isDirectory()) throw directoryError(path);
      return new NodeDiskReader(descriptor, facts.size);
    } catch (error) {
      await close(descriptor);
      throw error;
    }
  }

  rename(from: string, to: string): Promise<void> {
    return rename(from, to);
  }

  remove(path: string): Promise<void> {
    return rm(path);
  }

  async syncDirectory(path: string): Promise<void> {
    const descriptor = await open(path, 'r');
    try {
      await fsync(descriptor);
    } finally {
      await close(descriptor);
    }
  }

  replaceFileSync(path: string, bytes: Uint8Array): void {
    const directory = dirname(path);
    const temporary = join(directory, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
    // The new file keeps the permissions of the one it replaces: it may hold a password.
    const mode = fs.statSync(path, { throwIfNoEntry: false })?.mode ?? 0o644;
    const descriptor = fs.openSync(temporary, 'wx', mode & 0o777);
    try {
      try {
        fs.fchmodSync(descriptor, mode & 0o777);
        writeAllSync(descriptor, bytes);
        fs.fsyncSync(descriptor);
      } finally {
        fs.closeSync(descriptor);
      }
      fs.renameSync(temporary, path);
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      throw error;
    }
    this.syncDirectorySync(directory);
  }

  openAppendSync(path: string, empty: boolean): AppendFile {
    const { O_APPEND, O_CREAT, O_TRUNC, O_WRONLY } = fs.constants;
    const flags = O_WRONLY | O_APPEND | O_CREAT | (empty ? O_TRUNC : 0);
    return new NodeAppendFile(fs.openSync(path, flags, 0o644));
  }

  sizeSync(path: string): number {
    return fs.statSync(path).size;
  }

  truncateSync(path: string, bytes: number): void {
    fs.truncateSync(path, bytes);
  }

  makeDirectorySync(path: string): void {
    try {
      fs.mkdirSync(path, 0o755);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!fs.statSync(path).isDirectory()) throw notDirectoryError(path);
    }
  }
}

class NodeAppendFile implements AppendFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  sizeSync(): number {
    return fs.fstatSync(this.#descriptor).size;
  }

  appendSync(bytes: Uint8Array): number {
    return fs.writeSync(this.#descriptor, bytes, 0, bytes.length);
  }

  truncateSync(bytes: number): void {
    fs.ftruncateSync(this.#descriptor, bytes);
  }

  syncSync(): void {
    fs.fdatasyncSync(this.#descriptor);
  }

  sync(): Promise<void> {
    return fdatasync(this.#descriptor);
  }

  closeSync(): void {
    fs.closeSync(this.#descriptor);
  }
}

class NodeDiskFile implements DiskFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      written += await writeSome(this.#descriptor, bytes, written);
    }
  }

  writeSync(bytes: Uint8Array): void {
    writeAllSync(this.#descriptor, bytes);
  }

  sync(): Promise<void> {
    return fsync(this.#descriptor);
  }

  syncSync(): void {
    fs.fsyncSync(this.#descriptor);
  }

  close(): Promise<void> {
    return close(this.#descriptor);
  }

  closeSync(): void {
    fs.closeSync(this.#descriptor);
  }
}

class NodeDiskReader implements DiskReader {
  readonly size: number;
  readonly #descriptor: number;

  constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor;
    this.size = size;
  }

  read(target: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#descriptor, target, 0, target.length, null, (error, bytesRead) =>
        error === null ? resolve(bytesRead) : reject(error),
      );
    });
  }

  close(): Promise<void> {
    return close(this.#descriptor);
  }
}

/** Writes from `at` on; resolves to how many bytes the system took. */
function writeSome(descriptor: number, bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(descriptor, bytes, at, bytes.length - at, null, (error, written) =>
      error === null ? resolve(written) : reject(error),
    );
  });
}

function writeAllSync(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += fs.writeSync(descriptor, bytes, written, bytes.length - written);
}

function directoryError(path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`EISDIR: illegal operation on a directory, open '${path}'`), { code: 'EISDIR', path });
}

function notDirectoryError(path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${path}'`), { code: 'ENOTDIR', path });
}
