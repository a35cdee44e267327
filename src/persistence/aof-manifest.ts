/**
 * The manifest of a multi-part append only file: which files hold the data, in which order. One line a file, in the format
 * of Redis 7:
 *
 *   file appendonly.aof.2.base.rdb seq 2 type b      the data at some moment
 *   file appendonly.aof.1.incr.aof seq 1 type h      history: covered by the base, to be deleted
 *   file appendonly.aof.2.incr.aof seq 2 type i      the commands since the base; the last one is appended to
 *
 * A value: each change is a new manifest, so that one which does not reach the disk leaves the old one in force.
 */
import { quoteWord, splitWords } from '../base/words.ts';

export interface AofPart {
  readonly name: string;
  /** From 1 up. */
  readonly seq: number;
}

export class ManifestError extends Error {
  override name = 'ManifestError';
  /** The line at fault and its number from 1; none where the file as a whole is. */
  readonly line: string | undefined;
  readonly lineNumber: number;

  constructor(message: string, lineNumber: number = 0, line?: string) {
    super(message);
    this.line = line;
    this.lineNumber = lineNumber;
  }
}

interface Contents {
  readonly base: AofPart | null;
  readonly history: readonly AofPart[];
  readonly incrs: readonly AofPart[];
  /** The highest numbers given out so far. */
  readonly baseSeq: number;
  readonly incrSeq: number;
}

const nothing: Contents = { base: null, history: [], incrs: [], baseSeq: 0, incrSeq: 0 };

export class AofManifest {
  readonly #contents: Contents;

  constructor(contents: Contents = nothing) {
    this.#contents = contents;
  }

  /** Null: the data starts empty. */
  get base(): AofPart | null {
    return this.#contents.base;
  }

  get history(): readonly AofPart[] {
    return this.#contents.history;
  }

  get incrs(): readonly AofPart[] {
    return this.#contents.incrs;
  }

  /** Nothing to load. */
  get empty(): boolean {
    return this.base === null && this.incrs.length === 0;
  }

  /** The files to load, in their order. */
  get parts(): readonly AofPart[] {
    return this.base === null ? this.incrs : [this.base, ...this.incrs];
  }

  /** With another base, the next in number; the present one becomes history. */
  withNewBase(fileName: string, isRdb: boolean): AofManifest {
    const seq = this.#contents.baseSeq + 1;
    const history = this.base === null ? this.history : [...this.history, this.base];
    const base = { name: `${fileName}.${seq}.base.${isRdb ? 'rdb' : 'aof'}`, seq };
    return new AofManifest({ ...this.#contents, base, history, baseSeq: seq });
  }

  /** With one more file for commands, the next in number. */
  withNewIncr(fileName: string): AofManifest {
    const seq = this.#contents.incrSeq + 1;
    const incrs = [...this.incrs, { name: `${fileName}.${seq}.incr.aof`, seq }];
    return new AofManifest({ ...this.#contents, incrs, incrSeq: seq });
  }

  /** The base covers all incremental files but the last `kept`: those become history. */
  withCovered(kept: 0 | 1): AofManifest {
    const covered = this.incrs.length - Math.min(kept, this.incrs.length);
    const history = [...this.history, ...this.incrs.slice(0, covered)];
    return new AofManifest({ ...this.#contents, history, incrs: this.incrs.slice(covered) });
  }

  withoutHistory(): AofManifest {
    return new AofManifest({ ...this.#contents, history: [] });
  }

  /** The file of a Redis before 7, as the base. */
  static ofOldFile(fileName: string): AofManifest {
    return new AofManifest({ ...nothing, base: { name: fileName, seq: 1 }, baseSeq: 1 });
  }

  /** As bytes of the file, one char a byte. */
  format(): string {
    const line = (part: AofPart, type: string): string => `file ${wordFor(part.name)} seq ${part.seq} type ${type}\n`;
    return (
      (this.base === null ? '' : line(this.base, 'b')) +
      this.history.map((part) => line(part, 'h')).join('') +
      this.incrs.map((part) => line(part, 'i')).join('')
    );
  }

  /** `text`: the file, one char a byte. Throws a ManifestError. */
  static parse(text: string): AofManifest {
    if (text === '') throw new ManifestError('Found an empty AOF manifest');
    let base: AofPart | null = null;
    const history: AofPart[] = [];
    const incrs: AofPart[] = [];
    let incrSeq = 0;
    const lines = text.split('\n');
    const unended = lines.pop()!;
    if (unended !== '') lines.push(unended);
    for (const [index, raw] of lines.entries()) {
      if (raw.startsWith('#')) continue;
      const number = index + 1;
      const ended = raw !== unended || index < lines.length - 1 || unended === '';
      if (raw.length >= MAX_LINE || !ended)
        throw new ManifestError('The AOF manifest file contains too long line', number, raw.slice(0, MAX_LINE));
      const { part, type } = parseLine(raw.replace(/^[ \t\r]+|[ \t\r]+$/g, ''), number);
      if (type === 'b') {
        if (base !== null) throw new ManifestError('Found duplicate base file information', number, raw);
        base = part;
      } else if (type === 'h') history.push(part);
      else if (type === 'i') {
        if (part.seq <= incrSeq) throw new ManifestError('Found a non-monotonic sequence number', number, raw);
        incrs.push(part);
        incrSeq = part.seq;
      } else throw new ManifestError('Unknown AOF file type', number, raw);
    }
    return new AofManifest({ base, history, incrs, baseSeq: base?.seq ?? 0, incrSeq });
  }
}

const MAX_LINE = 1024;

function parseLine(line: string, number: number): { readonly part: AofPart; readonly type: string } {
  const words = splitWords(line);
  if (words === undefined || words.length < 6 || words.length % 2 !== 0)
    throw new ManifestError('Invalid AOF manifest file format', number, line);
  let name = '';
  let seq = 0;
  let type = '';
  // Keys that we do not know are those of later versions.
  for (let i = 0; i < words.length; i += 2) {
    const value = words[i + 1]!;
    switch (words[i]!.toLowerCase()) {
      case 'file':
        if (/[/\\]/.test(value)) throw new ManifestError("File can't be a path, just a filename", number, line);
        name = value;
        break;
      case 'seq':
        seq = /^\d{1,15}/.test(value) ? Number.parseInt(value, 10) : 0;
        break;
      case 'type':
        type = value.slice(0, 1);
    }
  }
  if (name === '' || seq === 0 || type === '')
    throw new ManifestError('Invalid AOF manifest file format', number, line);
  return { part: { name, seq }, type };
}

/** Names with blanks or unprintable bytes are quoted. */
function wordFor(name: string): string {
  return /^[!#-&(-[\]-~]+$/.test(name) ? name : quoteWord(name);
}
