/**
 * The numbers of the RDB format: versions, opcodes, object types and length prefixes, each under Redis's own name.
 * Reader and writer take them from here. To support a further object type, add its row to `objectTypes`
 * with the decoder in read.ts; to support a further version or vendor, add a row to `readableFormats`.
 */

/** A file's first nine bytes: a magic word and a decimal version that fills the rest. */
export interface FileFormat {
  readonly magic: string;
  readonly oldest: number;
  readonly newest: number;
}

export const HEADER_BYTES = 9;

/** What `RdbReader` accepts. From 80 on the versions are Valkey's, whose object types beyond 21 are its own. */
export const readableFormats: readonly FileFormat[] = [
  { magic: 'REDIS', oldest: 1, newest: 12 },
  { magic: 'VALKEY', oldest: 80, newest: 80 },
];
export const FIRST_VALKEY_VERSION = 80;

/** Magic words that are RDB files, whether we can read them or not: they get a version error, others "wrong signature". */
export const knownMagics: readonly string[] = ['REDIS', 'VALKEY'];

/** The oldest version that holds all we store (Redis 7.0): any Redis or Valkey since can load it. */
export const WRITTEN_VERSION = 10;
/** What is written instead when fields of hashes expire (Redis 7.4). */
export const FIELD_EXPIRY_VERSION = 12;

/** From this version on a checksum follows the EOF opcode. */
export const CHECKSUM_SINCE_VERSION = 5;
export const CHECKSUM_BYTES = 8;

/** Redis's largest bulk string, `proto-max-bulk-len` by default. */
export const DEFAULT_MAX_STRING_BYTES: number = 512 * 1024 * 1024;

/** Length prefixes: the two top bits of the first byte. 2 stands for the two wide forms below, 3 for an encoded string. */
export const LENGTH_6BIT = 0;
export const LENGTH_14BIT = 1;
export const LENGTH_ENCODED = 3;
export const LENGTH_32BIT = 0x80;
export const LENGTH_64BIT = 0x81;

/** String encodings: the low six bits after LENGTH_ENCODED. */
export const STRING_INT8 = 0;
export const STRING_INT16 = 1;
export const STRING_INT32 = 2;
export const STRING_LZF = 3;

export const OPCODE_SLOT_INFO = 244;
export const OPCODE_FUNCTION2 = 245;
export const OPCODE_FUNCTION_PRE_GA = 246;
export const OPCODE_MODULE_AUX = 247;
export const OPCODE_IDLE = 248;
export const OPCODE_FREQ = 249;
export const OPCODE_AUX = 250;
export const OPCODE_RESIZEDB = 251;
export const OPCODE_EXPIRETIME_MS = 252;
export const OPCODE_EXPIRETIME = 253;
export const OPCODE_SELECTDB = 254;
export const OPCODE_EOF = 255;

/** The lowest opcode of any version; smaller numbers are object types. */
export const FIRST_OPCODE = 242;

/** Inside a module's data, so that a reader without the module can step over it. */
export const MODULE_EOF = 0;
export const MODULE_SINT = 1;
export const MODULE_UINT = 2;
export const MODULE_FLOAT = 3;
export const MODULE_DOUBLE = 4;
export const MODULE_STRING = 5;

export const TYPE_STRING = 0;
export const TYPE_LIST = 1;
export const TYPE_SET = 2;
export const TYPE_ZSET = 3;
export const TYPE_HASH = 4;
export const TYPE_ZSET_2 = 5;
export const TYPE_HASH_ZIPMAP = 9;
export const TYPE_LIST_ZIPLIST = 10;
export const TYPE_SET_INTSET = 11;
export const TYPE_ZSET_ZIPLIST = 12;
export const TYPE_HASH_ZIPLIST = 13;
export const TYPE_LIST_QUICKLIST = 14;
export const TYPE_STREAM_LISTPACKS = 15;
export const TYPE_HASH_LISTPACK = 16;
export const TYPE_ZSET_LISTPACK = 17;
export const TYPE_LIST_QUICKLIST_2 = 18;
export const TYPE_STREAM_LISTPACKS_2 = 19;
export const TYPE_SET_LISTPACK = 20;
export const TYPE_STREAM_LISTPACKS_3 = 21;

/** Redis 7.4's hashes with expiring fields; the first two are of its release candidates, without the earliest expiry in front. */
export const TYPE_HASH_METADATA_PRE_GA = 22;
export const TYPE_HASH_LISTPACK_EX_PRE_GA = 23;
export const TYPE_HASH_METADATA = 24;
export const TYPE_HASH_LISTPACK_EX = 25;
/** Object types that only Valkey has are numbered from here on, as its codes are also Redis's. */
export const VALKEY_TYPES = 0x100;
export const FIRST_VALKEY_TYPE = 22;
/** Valkey 9's hash with expiring fields. */
export const TYPE_VALKEY_HASH_2: number = VALKEY_TYPES + 22;

/** Latest expiry of a hash field that Redis loads, ms. */
export const MAX_FIELD_EXPIRY: number = 2 ** 48 - 1;

/** How a node of LIST_QUICKLIST_2 is stored. */
export const QUICKLIST_NODE_PLAIN = 1;
export const QUICKLIST_NODE_PACKED = 2;

/** Lengths of a ZSET score that stand for a value without digits. */
export const SCORE_NAN = 253;
export const SCORE_POSITIVE_INFINITY = 254;
export const SCORE_NEGATIVE_INFINITY = 255;

/** One object type of the format. `refusal` is why a file that holds it cannot be loaded; without it, read.ts decodes it. */
export interface ObjectType {
  readonly code: number;
  /** Redis's name, without the RDB_TYPE_ prefix. */
  readonly name: string;
  /** The first RDB version that has it. */
  readonly since: number;
  readonly refusal?: string;
}

const module_ = (code: number): string => `module type ${code} is not supported`;

export const objectTypes: readonly ObjectType[] = [
  { code: TYPE_STRING, name: 'STRING', since: 1 },
  { code: TYPE_LIST, name: 'LIST', since: 1 },
  { code: TYPE_SET, name: 'SET', since: 1 },
  { code: TYPE_ZSET, name: 'ZSET', since: 1 },
  { code: TYPE_HASH, name: 'HASH', since: 1 },
  { code: TYPE_ZSET_2, name: 'ZSET_2', since: 8 },
  { code: 6, name: 'MODULE_PRE_GA', since: 8, refusal: module_(6) },
  { code: 7, name: 'MODULE_2', since: 8, refusal: module_(7) },
  { code: TYPE_HASH_ZIPMAP, name: 'HASH_ZIPMAP', since: 2 },
  { code: TYPE_LIST_ZIPLIST, name: 'LIST_ZIPLIST', since: 2 },
  { code: TYPE_SET_INTSET, name: 'SET_INTSET', since: 2 },
  { code: TYPE_ZSET_ZIPLIST, name: 'ZSET_ZIPLIST', since: 2 },
  { code: TYPE_HASH_ZIPLIST, name: 'HASH_ZIPLIST', since: 4 },
  { code: TYPE_LIST_QUICKLIST, name: 'LIST_QUICKLIST', since: 7 },
  { code: TYPE_STREAM_LISTPACKS, name: 'STREAM_LISTPACKS', since: 9 },
  { code: TYPE_HASH_LISTPACK, name: 'HASH_LISTPACK', since: 10 },
  { code: TYPE_ZSET_LISTPACK, name: 'ZSET_LISTPACK', since: 10 },
  { code: TYPE_LIST_QUICKLIST_2, name: 'LIST_QUICKLIST_2', since: 10 },
  { code: TYPE_STREAM_LISTPACKS_2, name: 'STREAM_LISTPACKS_2', since: 10 },
  { code: TYPE_SET_LISTPACK, name: 'SET_LISTPACK', since: 11 },
  { code: TYPE_STREAM_LISTPACKS_3, name: 'STREAM_LISTPACKS_3', since: 11 },
  { code: TYPE_HASH_METADATA_PRE_GA, name: 'HASH_METADATA_PRE_GA', since: 12 },
  { code: TYPE_HASH_LISTPACK_EX_PRE_GA, name: 'HASH_LISTPACK_EX_PRE_GA', since: 12 },
  { code: TYPE_HASH_METADATA, name: 'HASH_METADATA', since: 12 },
  { code: TYPE_HASH_LISTPACK_EX, name: 'HASH_LISTPACK_EX', since: 12 },
  { code: TYPE_VALKEY_HASH_2, name: 'HASH_2', since: 80 },
];
