/** Arguments and history of the list commands, as COMMAND DOCS shows them. */
import { double, integer, key, keyAs, keys, multiple, oneOf, optional, since, string, word } from './arguments.ts';
import type { Argument, CommandDocs, DocsTable, History } from './docs.ts';

/** The ends of a list. */
const ends: readonly Argument[] = [word('LEFT'), word('RIGHT')];

const where: Argument = oneOf('where', ...ends);
const wherefrom: Argument = oneOf('wherefrom', ...ends);
const whereto: Argument = oneOf('whereto', ...ends);

const timeoutHistory: History = [['6.0.0', 'The timeout may have a fraction.']];

const blockingPop: CommandDocs = {
  history: timeoutHistory,
  arguments: [keys, double('timeout')],
};

const pop: CommandDocs = {
  history: [['6.2.0', 'Takes a count.']],
  arguments: [key, optional(since('6.2.0', integer('count')))],
};

const push: CommandDocs = {
  history: [['2.4.0', 'Takes several elements.']],
  arguments: [key, multiple(string('element'))],
};

const pushx: CommandDocs = {
  history: [['4.0.0', 'Takes several elements.']],
  arguments: [key, multiple(string('element'))],
};

const range: CommandDocs = {
  arguments: [key, integer('start'), integer('stop')],
};

export const listDocs: DocsTable = {
  blmove: {
    arguments: [keyAs('source', 0), keyAs('destination', 1), wherefrom, whereto, double('timeout')],
  },
  blmpop: {
    arguments: [double('timeout'), integer('numkeys'), keys, where, optional(integer('count', 'COUNT'))],
  },
  blpop: blockingPop,
  brpop: blockingPop,
  brpoplpush: {
    history: timeoutHistory,
    arguments: [keyAs('source', 0), keyAs('destination', 1), double('timeout')],
  },
  lindex: {
    arguments: [key, integer('index')],
  },
  linsert: {
    arguments: [key, oneOf('where', word('BEFORE'), word('AFTER')), string('pivot'), string('element')],
  },
  llen: { arguments: [key] },
  lmove: {
    arguments: [keyAs('source', 0), keyAs('destination', 1), wherefrom, whereto],
  },
  lmpop: {
    arguments: [integer('numkeys'), keys, where, optional(integer('count', 'COUNT'))],
  },
  lpop: pop,
  lpos: {
    arguments: [
      key,
      string('element'),
      optional(integer('rank', 'RANK')),
      optional(integer('num-matches', 'COUNT')),
      optional(integer('len', 'MAXLEN')),
    ],
  },
  lpush: push,
  lpushx: pushx,
  lrange: range,
  lrem: {
    arguments: [key, integer('count'), string('element')],
  },
  lset: {
    arguments: [key, integer('index'), string('element')],
  },
  ltrim: range,
  rpop: pop,
  rpoplpush: {
    arguments: [keyAs('source', 0), keyAs('destination', 1)],
  },
  rpush: push,
  rpushx: pushx,
};
