/** Arguments and history of the scripting commands, as COMMAND DOCS shows them. */
import type { DocsTable } from './docs.ts';

export const scriptingDocs: DocsTable = {
  eval: {
    arguments: [
      { name: 'script', type: 'string' },
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 0, flags: ['optional', 'multiple'] },
      { name: 'arg', type: 'string', flags: ['optional', 'multiple'] },
    ],
  },
  eval_ro: {
    arguments: [
      { name: 'script', type: 'string' },
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 0, flags: ['optional', 'multiple'] },
      { name: 'arg', type: 'string', flags: ['optional', 'multiple'] },
    ],
  },
  evalsha: {
    arguments: [
      { name: 'sha1', type: 'string' },
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 0, flags: ['optional', 'multiple'] },
      { name: 'arg', type: 'string', flags: ['optional', 'multiple'] },
    ],
  },
  evalsha_ro: {
    arguments: [
      { name: 'sha1', type: 'string' },
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 0, flags: ['optional', 'multiple'] },
      { name: 'arg', type: 'string', flags: ['optional', 'multiple'] },
    ],
  },
  fcall: {
    arguments: [
      { name: 'function', type: 'string' },
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 0, flags: ['optional', 'multiple'] },
      { name: 'arg', type: 'string', flags: ['optional', 'multiple'] },
    ],
  },
  fcall_ro: {
    arguments: [
      { name: 'function', type: 'string' },
      { name: 'numkeys', type: 'integer' },
      { name: 'key', type: 'key', keySpec: 0, flags: ['optional', 'multiple'] },
      { name: 'arg', type: 'string', flags: ['optional', 'multiple'] },
    ],
  },
  'function|delete': { arguments: [{ name: 'library-name', type: 'string' }] },
  'function|flush': {
    arguments: [
      {
        name: 'async',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'async', type: 'pure-token', token: 'ASYNC' },
          { name: 'sync', type: 'pure-token', token: 'SYNC' },
        ],
      },
    ],
  },
  'function|list': {
    arguments: [
      { name: 'library-name-pattern', type: 'string', token: 'LIBRARYNAME', flags: ['optional'] },
      { name: 'withcode', type: 'pure-token', token: 'WITHCODE', flags: ['optional'] },
    ],
  },
  'function|load': {
    arguments: [
      { name: 'replace', type: 'pure-token', token: 'REPLACE', flags: ['optional'] },
      { name: 'function-code', type: 'string' },
    ],
  },
  'function|restore': {
    arguments: [
      { name: 'serialized-value', type: 'string' },
      {
        name: 'policy',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'flush', type: 'pure-token', token: 'FLUSH' },
          { name: 'append', type: 'pure-token', token: 'APPEND' },
          { name: 'replace', type: 'pure-token', token: 'REPLACE' },
        ],
      },
    ],
  },
  'script|debug': {
    arguments: [
      {
        name: 'mode',
        type: 'oneof',
        arguments: [
          { name: 'yes', type: 'pure-token', token: 'YES' },
          { name: 'sync', type: 'pure-token', token: 'SYNC' },
          { name: 'no', type: 'pure-token', token: 'NO' },
        ],
      },
    ],
  },
  'script|exists': { arguments: [{ name: 'sha1', type: 'string', flags: ['multiple'] }] },
  'script|flush': {
    history: [['6.2.0', 'Takes `ASYNC` and `SYNC`.']],
    arguments: [
      {
        name: 'async',
        type: 'oneof',
        since: '6.2.0',
        flags: ['optional'],
        arguments: [
          { name: 'async', type: 'pure-token', token: 'ASYNC' },
          { name: 'sync', type: 'pure-token', token: 'SYNC' },
        ],
      },
    ],
  },
  'script|load': { arguments: [{ name: 'script', type: 'string' }] },
};
