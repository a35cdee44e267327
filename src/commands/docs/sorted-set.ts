/** Arguments and history of the sorted-set commands, as COMMAND DOCS shows them. */
import {
  after,
  block,
  double,
  integer,
  key,
  keyAs,
  keys,
  multiple,
  oneOf,
  optional,
  pattern,
  since,
  string,
  word,
} from './arguments.ts';
import type { Argument, DocsTable } from './docs.ts';

const limit: Argument = optional(after('LIMIT', block('offset_count', integer('offset'), integer('count'))));

const weights: Argument = optional(multiple(integer('weight', 'WEIGHTS')));

const aggregate: Argument = optional(after('AGGREGATE', oneOf('aggregate', word('SUM'), word('MIN'), word('MAX'))));

export const sortedSetDocs: DocsTable = {
  bzmpop: {
    arguments: [
      double('timeout'),
      integer('numkeys'),
      keys,
      oneOf('where', word('MIN'), word('MAX')),
      optional(integer('count', 'COUNT')),
    ],
  },
  bzpopmax: {
    history: [['6.0.0', 'The timeout may have a fraction.']],
    arguments: [keys, double('timeout')],
  },
  bzpopmin: {
    history: [['6.0.0', 'The timeout may have a fraction.']],
    arguments: [keys, double('timeout')],
  },
  zadd: {
    history: [
      ['2.4.0', 'Takes several members.'],
      ['3.0.2', 'Takes `XX`, `NX`, `CH` and `INCR`.'],
      ['6.2.0', 'Takes `GT` and `LT`.'],
    ],
    arguments: [
      key,
      optional(since('3.0.2', oneOf('condition', word('NX'), word('XX')))),
      optional(since('6.2.0', oneOf('comparison', word('GT'), word('LT')))),
      optional(since('3.0.2', word('CH', 'change'))),
      optional(since('3.0.2', word('INCR', 'increment'))),
      multiple(block('score_member', double('score'), string('member'))),
    ],
  },
  zcard: { arguments: [key] },
  zcount: {
    arguments: [key, double('min'), double('max')],
  },
  zdiff: {
    arguments: [integer('numkeys'), keys, optional(word('WITHSCORES'))],
  },
  zdiffstore: {
    arguments: [keyAs('destination', 0), integer('numkeys'), multiple(keyAs('key', 1))],
  },
  zincrby: {
    arguments: [key, integer('increment'), string('member')],
  },
  zinter: {
    arguments: [integer('numkeys'), keys, weights, aggregate, optional(word('WITHSCORES'))],
  },
  zintercard: {
    arguments: [integer('numkeys'), keys, optional(integer('limit', 'LIMIT'))],
  },
  zinterstore: {
    arguments: [keyAs('destination', 0), integer('numkeys'), multiple(keyAs('key', 1)), weights, aggregate],
  },
  zlexcount: {
    arguments: [key, string('min'), string('max')],
  },
  zmpop: {
    arguments: [
      integer('numkeys'),
      keys,
      oneOf('where', word('MIN'), word('MAX')),
      optional(integer('count', 'COUNT')),
    ],
  },
  zmscore: {
    arguments: [key, multiple(string('member'))],
  },
  zpopmax: {
    arguments: [key, optional(integer('count'))],
  },
  zpopmin: {
    arguments: [key, optional(integer('count'))],
  },
  zrandmember: {
    arguments: [key, optional(block('options', integer('count'), optional(word('WITHSCORES'))))],
  },
  zrange: {
    history: [['6.2.0', 'Takes `REV`, `BYSCORE`, `BYLEX` and `LIMIT`.']],
    arguments: [
      key,
      string('start'),
      string('stop'),
      optional(since('6.2.0', oneOf('sortby', word('BYSCORE'), word('BYLEX')))),
      optional(since('6.2.0', word('REV'))),
      optional(since('6.2.0', after('LIMIT', block('offset_count', integer('offset'), integer('count'))))),
      optional(word('WITHSCORES')),
    ],
  },
  zrangebylex: {
    arguments: [key, string('min'), string('max'), limit],
  },
  zrangebyscore: {
    history: [['2.0.0', 'Takes `WITHSCORES`.']],
    arguments: [key, double('min'), double('max'), optional(since('2.0.0', word('WITHSCORES'))), limit],
  },
  zrangestore: {
    arguments: [
      keyAs('dst', 0),
      keyAs('src', 1),
      string('min'),
      string('max'),
      optional(oneOf('sortby', word('BYSCORE'), word('BYLEX'))),
      optional(word('REV')),
      limit,
    ],
  },
  zrank: {
    history: [['7.2.0', 'Takes `WITHSCORE`.']],
    arguments: [key, string('member'), optional(since('7.2.0', word('WITHSCORE')))],
  },
  zrem: {
    history: [['2.4.0', 'Takes several members.']],
    arguments: [key, multiple(string('member'))],
  },
  zremrangebylex: {
    arguments: [key, string('min'), string('max')],
  },
  zremrangebyrank: {
    arguments: [key, integer('start'), integer('stop')],
  },
  zremrangebyscore: {
    arguments: [key, double('min'), double('max')],
  },
  zrevrange: {
    arguments: [key, integer('start'), integer('stop'), optional(word('WITHSCORES'))],
  },
  zrevrangebylex: {
    arguments: [key, string('max'), string('min'), limit],
  },
  zrevrangebyscore: {
    history: [['2.1.6', '`min` and `max` may be exclusive.']],
    arguments: [key, double('max'), double('min'), optional(word('WITHSCORES')), limit],
  },
  zrevrank: {
    history: [['7.2.0', 'Takes `WITHSCORE`.']],
    arguments: [key, string('member'), optional(since('7.2.0', word('WITHSCORE')))],
  },
  zscan: {
    arguments: [key, integer('cursor'), optional(pattern('pattern', 'MATCH')), optional(integer('count', 'COUNT'))],
  },
  zscore: {
    arguments: [key, string('member')],
  },
  zunion: {
    arguments: [integer('numkeys'), keys, weights, aggregate, optional(word('WITHSCORES'))],
  },
  zunionstore: {
    arguments: [keyAs('destination', 0), integer('numkeys'), multiple(keyAs('key', 1)), weights, aggregate],
  },
};
