/** Arguments and history of the scripting commands, as COMMAND DOCS shows them. */
import { integer, keys, multiple, oneOf, optional, since, string, word } from './arguments.ts';
import type { DocsTable } from './docs.ts';

export const scriptingDocs: DocsTable = {
  eval: {
    arguments: [string('script'), integer('numkeys'), optional(keys), optional(multiple(string('arg')))],
  },
  eval_ro: {
    arguments: [string('script'), integer('numkeys'), optional(keys), optional(multiple(string('arg')))],
  },
  evalsha: {
    arguments: [string('sha1'), integer('numkeys'), optional(keys), optional(multiple(string('arg')))],
  },
  evalsha_ro: {
    arguments: [string('sha1'), integer('numkeys'), optional(keys), optional(multiple(string('arg')))],
  },
  fcall: {
    arguments: [string('function'), integer('numkeys'), optional(keys), optional(multiple(string('arg')))],
  },
  fcall_ro: {
    arguments: [string('function'), integer('numkeys'), optional(keys), optional(multiple(string('arg')))],
  },
  'function|delete': { arguments: [string('library-name')] },
  'function|flush': {
    arguments: [optional(oneOf('async', word('ASYNC'), word('SYNC')))],
  },
  'function|list': {
    arguments: [optional(string('library-name-pattern', 'LIBRARYNAME')), optional(word('WITHCODE'))],
  },
  'function|load': {
    arguments: [optional(word('REPLACE')), string('function-code')],
  },
  'function|restore': {
    arguments: [string('serialized-value'), optional(oneOf('policy', word('FLUSH'), word('APPEND'), word('REPLACE')))],
  },
  'script|debug': {
    arguments: [oneOf('mode', word('YES'), word('SYNC'), word('NO'))],
  },
  'script|exists': { arguments: [multiple(string('sha1'))] },
  'script|flush': {
    history: [['6.2.0', 'Takes `ASYNC` and `SYNC`.']],
    arguments: [optional(since('6.2.0', oneOf('async', word('ASYNC'), word('SYNC'))))],
  },
  'script|load': { arguments: [string('script')] },
};
