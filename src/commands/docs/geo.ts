/** Arguments and history of the geo commands, as COMMAND DOCS shows them. */
import { type Argument, type DocsTable, key } from './docs.ts';

const unit: Argument = {
  name: 'unit',
  type: 'oneof',
  arguments: [
    { name: 'm', type: 'pure-token', token: 'M' },
    { name: 'km', type: 'pure-token', token: 'KM' },
    { name: 'ft', type: 'pure-token', token: 'FT' },
    { name: 'mi', type: 'pure-token', token: 'MI' },
  ],
};

/** Where a search begins. */
const from: Argument = {
  name: 'from',
  type: 'oneof',
  arguments: [
    { name: 'member', type: 'string', token: 'FROMMEMBER' },
    {
      name: 'longitude_latitude',
      type: 'block',
      token: 'FROMLONLAT',
      arguments: [
        { name: 'longitude', type: 'double' },
        { name: 'latitude', type: 'double' },
      ],
    },
  ],
};

/** The area of a search. */
const by: Argument = {
  name: 'by',
  type: 'oneof',
  arguments: [
    {
      name: 'circle',
      type: 'block',
      arguments: [{ name: 'radius', type: 'double', token: 'BYRADIUS' }, unit],
    },
    {
      name: 'box',
      type: 'block',
      arguments: [{ name: 'width', type: 'double', token: 'BYBOX' }, { name: 'height', type: 'double' }, unit],
    },
  ],
};

const order: Argument = {
  name: 'order',
  type: 'oneof',
  flags: ['optional'],
  arguments: [
    { name: 'asc', type: 'pure-token', token: 'ASC' },
    { name: 'desc', type: 'pure-token', token: 'DESC' },
  ],
};

const count: Argument = {
  name: 'count',
  type: 'block',
  flags: ['optional'],
  arguments: [
    { name: 'count', type: 'integer', token: 'COUNT' },
    { name: 'any', type: 'pure-token', token: 'ANY', flags: ['optional'] },
  ],
};

export const geoDocs: DocsTable = {
  geoadd: {
    history: [['6.2.0', 'Takes `CH`, `NX` and `XX`.']],
    arguments: [
      key,
      {
        name: 'condition',
        type: 'oneof',
        since: '6.2.0',
        flags: ['optional'],
        arguments: [
          { name: 'nx', type: 'pure-token', token: 'NX' },
          { name: 'xx', type: 'pure-token', token: 'XX' },
        ],
      },
      { name: 'change', type: 'pure-token', token: 'CH', since: '6.2.0', flags: ['optional'] },
      {
        name: 'longitude_latitude_member',
        type: 'block',
        flags: ['multiple'],
        arguments: [
          { name: 'longitude', type: 'double' },
          { name: 'latitude', type: 'double' },
          { name: 'member', type: 'string' },
        ],
      },
    ],
  },
  geodist: {
    arguments: [
      key,
      { name: 'member1', type: 'string' },
      { name: 'member2', type: 'string' },
      {
        name: 'unit',
        type: 'oneof',
        flags: ['optional'],
        arguments: [
          { name: 'm', type: 'pure-token', token: 'M' },
          { name: 'km', type: 'pure-token', token: 'KM' },
          { name: 'ft', type: 'pure-token', token: 'FT' },
          { name: 'mi', type: 'pure-token', token: 'MI' },
        ],
      },
    ],
  },
  geohash: {
    arguments: [key, { name: 'member', type: 'string', flags: ['multiple'] }],
  },
  geopos: {
    arguments: [key, { name: 'member', type: 'string', flags: ['multiple'] }],
  },
  georadius: {
    history: [
      ['6.2.0', 'Takes `COUNT ... ANY`.'],
      ['7.0.0', 'Units may be written in upper case.'],
    ],
    arguments: [
      key,
      { name: 'longitude', type: 'double' },
      { name: 'latitude', type: 'double' },
      { name: 'radius', type: 'double' },
      unit,
      { name: 'withcoord', type: 'pure-token', token: 'WITHCOORD', flags: ['optional'] },
      { name: 'withdist', type: 'pure-token', token: 'WITHDIST', flags: ['optional'] },
      { name: 'withhash', type: 'pure-token', token: 'WITHHASH', flags: ['optional'] },
      {
        name: 'count',
        type: 'block',
        flags: ['optional'],
        arguments: [
          { name: 'count', type: 'integer', token: 'COUNT' },
          { name: 'any', type: 'pure-token', token: 'ANY', since: '6.2.0', flags: ['optional'] },
        ],
      },
      order,
      { name: 'key', type: 'key', keySpec: 1, token: 'STORE', flags: ['optional'] },
      { name: 'key', type: 'key', keySpec: 2, token: 'STOREDIST', flags: ['optional'] },
    ],
  },
  georadius_ro: {
    history: [['6.2.0', 'Takes `COUNT ... ANY`.']],
    arguments: [
      key,
      { name: 'longitude', type: 'double' },
      { name: 'latitude', type: 'double' },
      { name: 'radius', type: 'double' },
      unit,
      { name: 'withcoord', type: 'pure-token', token: 'WITHCOORD', flags: ['optional'] },
      { name: 'withdist', type: 'pure-token', token: 'WITHDIST', flags: ['optional'] },
      { name: 'withhash', type: 'pure-token', token: 'WITHHASH', flags: ['optional'] },
      {
        name: 'count',
        type: 'block',
        flags: ['optional'],
        arguments: [
          { name: 'count', type: 'integer', token: 'COUNT' },
          { name: 'any', type: 'pure-token', token: 'ANY', since: '6.2.0', flags: ['optional'] },
        ],
      },
      order,
    ],
  },
  georadiusbymember: {
    history: [['7.0.0', 'Units may be written in upper case.']],
    arguments: [
      key,
      { name: 'member', type: 'string' },
      { name: 'radius', type: 'double' },
      unit,
      { name: 'withcoord', type: 'pure-token', token: 'WITHCOORD', flags: ['optional'] },
      { name: 'withdist', type: 'pure-token', token: 'WITHDIST', flags: ['optional'] },
      { name: 'withhash', type: 'pure-token', token: 'WITHHASH', flags: ['optional'] },
      count,
      order,
      { name: 'key', type: 'key', keySpec: 1, token: 'STORE', flags: ['optional'] },
      { name: 'key', type: 'key', keySpec: 2, token: 'STOREDIST', flags: ['optional'] },
    ],
  },
  georadiusbymember_ro: {
    arguments: [
      key,
      { name: 'member', type: 'string' },
      { name: 'radius', type: 'double' },
      unit,
      { name: 'withcoord', type: 'pure-token', token: 'WITHCOORD', flags: ['optional'] },
      { name: 'withdist', type: 'pure-token', token: 'WITHDIST', flags: ['optional'] },
      { name: 'withhash', type: 'pure-token', token: 'WITHHASH', flags: ['optional'] },
      count,
      order,
    ],
  },
  geosearch: {
    history: [['7.0.0', 'Units may be written in upper case.']],
    arguments: [
      key,
      from,
      by,
      order,
      count,
      { name: 'withcoord', type: 'pure-token', token: 'WITHCOORD', flags: ['optional'] },
      { name: 'withdist', type: 'pure-token', token: 'WITHDIST', flags: ['optional'] },
      { name: 'withhash', type: 'pure-token', token: 'WITHHASH', flags: ['optional'] },
    ],
  },
  geosearchstore: {
    history: [['7.0.0', 'Units may be written in upper case.']],
    arguments: [
      { name: 'destination', type: 'key', keySpec: 0 },
      { name: 'source', type: 'key', keySpec: 1 },
      from,
      by,
      order,
      count,
      { name: 'storedist', type: 'pure-token', token: 'STOREDIST', flags: ['optional'] },
    ],
  },
};
