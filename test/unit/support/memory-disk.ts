/** A disk in memory that fails when told to, for tests of what is written. */
import { posix } from 'node:path';
import type { DiskFile, DiskReader } from '../../../src/io/world.ts';

export type Operation = 'create' | 'write' | 'sync' | 'rename' | 'syncDirectory' | 'read';

export function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: as told`), { code });
}

/** Files by path. `failing` names the operation that fails and how. */
export class MemoryDisk {
  readonly files: Map<string, Buffer> = new Map();
  readonly operations: string[] = [];
  failing: { readonly operation: Operation; readonly error: Error } | undefined;

  check(operation: Operation, path: string): void {
    this.operations.push(`${operation} ${posix.basename(path)}`);
    if (this.failing?.operation === operation) throw this.failing.error;
  }

  createSync(path: string): DiskFile {
    this.check('create', path);
    const parts: Buffer[] = [];
    this.files.set(path, Buffer.alloc(0));
    return {
      writeSync: (bytes: Uint8Array) => {
        this.check('write', path);
        parts.push(Buffer.from(bytes));
        this.files.set(path, Buffer.concat(parts));
      },
      syncSync: () => this.check('sync', path),
      closeSync: () => {},
    } as DiskFile;
  }

  async create(path: string): Promise<DiskFile> {
    const file = this.createSync(path);
    return {
      write: async (bytes: Uint8Array) => file.writeSync(bytes),
      sync: async () => file.syncSync(),
      close: async () => file.closeSync(),
    } as DiskFile;
  }

  async rename(from: string, to: string): Promise<void> {
    this.renameSync(from, to);
  }

  async remove(path: string): Promise<void> {
    this.removeSync(path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.syncDirectorySync(path);
  }

  renameSync(from: string, to: string): void {
    this.check('rename', to);
    this.files.set(to, this.files.get(from)!);
    this.files.delete(from);
  }

  removeSync(path: string): void {
    if (!this.files.delete(path)) throw systemError('ENOENT');
  }

  syncDirectorySync(path: string): void {
    this.check('syncDirectory', path);
  }

  exists(path: string): boolean {
    return this.files.has(path);
  }

  readFileSync(path: string): Uint8Array {
    this.check('read', path);
    const bytes = this.files.get(path);
    if (bytes === undefined) throw systemError('ENOENT');
    return bytes;
  }

  async openRead(path: string): Promise<DiskReader> {
    const bytes = this.readFileSync(path);
    let at = 0;
    return {
      size: bytes.length,
      read: async (target) => {
        const taken = Math.min(target.length, bytes.length - at, 1000);
        target.set(bytes.subarray(at, at + taken));
        at += taken;
        return taken;
      },
      close: async () => {},
    };
  }
}
