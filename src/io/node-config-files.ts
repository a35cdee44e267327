/** The file operations that reading and rewriting a configuration needs. All are synchronous (start-up, CONFIG REWRITE) and throw the system's errors. */
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { nodeDisk } from './node-disk.ts';

export interface ConfigDisk {
  read(path: string): Uint8Array;
  /** The names in a directory. */
  list(directory: string): readonly string[];
  /** Replaces the file as a whole or not at all. */
  replace(path: string, bytes: Uint8Array): void;
  /** Throws unless `path` is a directory one can work in. */
  checkDirectory(path: string): void;
}

export function nodeConfigFiles(): ConfigDisk {
  const disk = nodeDisk();
  return {
    read: (path) => readFileSync(path),
    list: (directory) => readdirSync(directory),
    replace: (path, bytes) => disk.replaceFileSync(path, bytes),
    checkDirectory(path) {
      if (statSync(path).isDirectory()) accessSync(path, constants.X_OK);
      // Reading an entry of what is no directory raises exactly the right error.
      else statSync(`${path}/.`);
    },
  };
}
