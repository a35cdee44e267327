/** Arguments and history of the geo commands, as COMMAND DOCS shows them. */
import {
  after,
  block,
  double,
  integer,
  key,
  keyAs,
  multiple,
  oneOf,
  optional,
  since,
  string,
  word,
} from './arguments.ts';
import type { Argument, DocsTable } from './docs.ts';

const unit: Argument = oneOf('unit', word('M'), word('KM'), word('FT'), word('MI'));

/** Where a search begins. */
const from: Argument = oneOf(
  'from',
  string('member', 'FROMMEMBER'),
  after('FROMLONLAT', block('longitude_latitude', double('longitude'), double('latitude'))),
);

/** The area of a search. */
const by: Argument = oneOf(
  'by',
  block('circle', double('radius', 'BYRADIUS'), unit),
  block('box', double('width', 'BYBOX'), double('height'), unit),
);

const order: Argument = optional(oneOf('order', word('ASC'), word('DESC')));

const count: Argument = optional(block('count', integer('count', 'COUNT'), optional(word('ANY'))));

/** The same where COUNT is older than ANY. */
const radiusCount: Argument = optional(
  block('count', integer('count', 'COUNT'), optional(since('6.2.0', word('ANY')))),
);

/** What to return of each member beyond its name. */
const details: readonly Argument[] = [
  optional(word('WITHCOORD')),
  optional(word('WITHDIST')),
  optional(word('WITHHASH')),
];

const store: readonly Argument[] = [optional(keyAs('key', 1, 'STORE')), optional(keyAs('key', 2, 'STOREDIST'))];

export const geoDocs: DocsTable = {
  geoadd: {
    history: [['6.2.0', 'Takes `CH`, `NX` and `XX`.']],
    arguments: [
      key,
      optional(since('6.2.0', oneOf('condition', word('NX'), word('XX')))),
      optional(since('6.2.0', word('CH', 'change'))),
      multiple(block('longitude_latitude_member', double('longitude'), double('latitude'), string('member'))),
    ],
  },
  geodist: {
    arguments: [key, string('member1'), string('member2'), optional(unit)],
  },
  geohash: {
    arguments: [key, multiple(string('member'))],
  },
  geopos: {
    arguments: [key, multiple(string('member'))],
  },
  georadius: {
    history: [
      ['6.2.0', 'Takes `COUNT ... ANY`.'],
      ['7.0.0', 'Units may be written in upper case.'],
    ],
    arguments: [
      key,
      double('longitude'),
      double('latitude'),
      double('radius'),
      unit,
      ...details,
      radiusCount,
      order,
      ...store,
    ],
  },
  georadius_ro: {
    history: [['6.2.0', 'Takes `COUNT ... ANY`.']],
    arguments: [key, double('longitude'), double('latitude'), double('radius'), unit, ...details, radiusCount, order],
  },
  georadiusbymember: {
    history: [['7.0.0', 'Units may be written in upper case.']],
    arguments: [key, string('member'), double('radius'), unit, ...details, count, order, ...store],
  },
  georadiusbymember_ro: {
    arguments: [key, string('member'), double('radius'), unit, ...details, count, order],
  },
  geosearch: {
    history: [['7.0.0', 'Units may be written in upper case.']],
    arguments: [key, from, by, order, count, ...details],
  },
  geosearchstore: {
    history: [['7.0.0', 'Units may be written in upper case.']],
    arguments: [keyAs('destination', 0), keyAs('source', 1), from, by, order, count, optional(word('STOREDIST'))],
  },
};
