/**
 * The patterns of a selector, in the order in which they were given, each text once. Reading goes through a plain array, as it
 * happens for every command; places by text are only known where patterns are added to many.
 */
export interface Pattern {
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** Lists up to this length are searched from the beginning, and longer ones these many times before an index is made. */
const SEARCHED_MAX = 16;
const SEARCHES_MAX = 8;

export class PatternList<T extends Pattern> {
  readonly all: T[];
  /** Index by text, once it was needed. */
  #places: Map<string, number> | undefined;
  #searches = 0;

  constructor(all: T[] = []) {
    this.all = all;
  }

  /** Shares the patterns, which never change. */
  copy(): PatternList<T> {
    return new PatternList([...this.all]);
  }

  find(text: string): T | undefined {
    return this.all[this.#indexOf(text)];
  }

  /** Adds a pattern, or puts it in the place of the one with the same text. */
  put(pattern: T): void {
    const index = this.#indexOf(pattern.text);
    if (index >= 0) {
      this.all[index] = pattern;
      return;
    }
    this.#places?.set(pattern.text, this.all.length);
    this.all.push(pattern);
  }

  #indexOf(text: string): number {
    if (this.all.length <= SEARCHED_MAX || ++this.#searches <= SEARCHES_MAX)
      return this.all.findIndex((pattern) => pattern.text === text);
    this.#places ??= new Map(this.all.map((pattern, index) => [pattern.text, index]));
    return this.#places.get(text) ?? -1;
  }
}
