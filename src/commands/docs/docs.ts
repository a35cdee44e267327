/**
 * What COMMAND DOCS says of a command beyond its row: its arguments, from which redis-cli makes its hints and libraries make
 * methods, and when it learned what. Data only, by group and full name; facts of the protocol as redis-server shows them.
 */
export type ArgumentType =
  | 'string'
  | 'integer'
  | 'double'
  | 'key'
  | 'pattern'
  | 'unix-time'
  | 'pure-token'
  | 'oneof'
  | 'block';

export interface Argument {
  readonly name: string;
  readonly type: ArgumentType;
  /** For a key: which of the row's key specifications finds it. */
  readonly keySpec?: number;
  /** The word that stands before the value, or, for a pure token, is all. */
  readonly token?: string;
  readonly since?: string;
  readonly deprecatedSince?: string;
  readonly flags?: readonly ('optional' | 'multiple' | 'multiple_token')[];
  /** Alternatives of a `oneof`, parts of a `block`. */
  readonly arguments?: readonly Argument[];
}

/** Versions with what came with them, oldest first. */
export type History = readonly (readonly [since: string, change: string])[];

export interface CommandDocs {
  /** It is for servers among themselves, or for tests. */
  readonly system?: true;
  readonly history?: History;
  readonly arguments?: readonly Argument[];
}

export type DocsTable = { readonly [name: string]: CommandDocs };
