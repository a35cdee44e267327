/**
 * Which commands a test file has compared on both servers: what test/lockstep/compared.json claims of it is checked when all
 * of its tests have run, so that the claims of all files together prove that every command is compared. With
 * HEADWATER_LOCKSTEP_RECORD=<directory> a file writes there all that it compares (scripts/lockstep-compared.mjs).
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { argv, env } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Argument } from './resp.ts';

/** Commands, subcommands as `container|sub`, by the test file that compares them. */
export type Compared = { readonly [file: string]: readonly string[] };

export class ComparedCommands {
  readonly #names: Set<string> = new Set();
  #declared = 0;
  #passed = 0;

  declared(): void {
    this.#declared++;
  }

  passed(): void {
    this.#passed++;
  }

  /** The replies to the command were compared, and were the same. */
  add(args: readonly Argument[]): void {
    const [name, sub] = args.slice(0, 2).map((word) => (typeof word === 'object' ? '' : String(word).toLowerCase()));
    this.#names.add(name!);
    if (sub !== undefined && /^[a-z-]+$/.test(sub)) this.#names.add(`${name}|${sub}`);
  }

  /** At the end of the file. Says nothing of a file of which only some tests ran, or some failed. */
  check(): void {
    if (this.#passed < this.#declared) return;
    const file = basename(argv[1] ?? '', '.test.js');
    const target = env['HEADWATER_LOCKSTEP_RECORD'];
    if (target !== undefined) writeFileSync(join(target, `${file}.json`), JSON.stringify([...this.#names].toSorted()));
    else {
      const missing = (readCompared()[file] ?? []).filter((name) => !this.#names.has(name));
      assert.deepEqual(missing, [], `test/lockstep/compared.json says that ${file} compares these`);
    }
  }
}

export function readCompared(): Compared {
  const sources = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'test');
  return JSON.parse(readFileSync(join(sources, 'lockstep', 'compared.json'), 'utf8')) as Compared;
}
