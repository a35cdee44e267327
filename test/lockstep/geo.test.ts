/** Geo commands against redis-server: scores, positions, distances, searches, destinations, errors. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { lockstep } from '../support/lockstep.ts';
import type { Both } from '../support/lockstep.ts';

async function fill(both: Both): Promise<void> {
  await both.all([
    ['GEOADD', 'Sicily', '13.361389', '38.115556', 'Palermo', '15.087269', '37.502669', 'Catania'],
    ['GEOADD', 'Sicily', '12.758489', '38.788135', 'edge1', '17.241510', '38.788135', 'edge2'],
    ['GEOADD', 'world', '0', '0', 'null', '-180', '-85.05112878', 'southwest', '179.9', '85', 'northeast'],
    ['GEOADD', 'world', '-0.1278', '51.5074', 'London', '2.3522', '48.8566', 'Paris', '151.2093', '-33.8688', 'Sydney'],
    ['GEOADD', 'world', '-74.006', '40.7128', 'New York', '139.6917', '35.6895', 'Tokyo', '-179.99', '-16.5', 'Fiji'],
    ['SET', 'string', 'x'],
  ]);
}

lockstep('GEOADD stores the same scores', { resp: 'both' }, async (both) => {
  await fill(both);
  await both.all([
    ['ZRANGE', 'Sicily', '0', '-1', 'WITHSCORES'],
    ['ZRANGE', 'world', '0', '-1', 'WITHSCORES'],
    ['GEOADD', 'Sicily', 'NX', '1', '1', 'Palermo', '2', '2', 'new'],
    ['GEOADD', 'Sicily', 'XX', '1', '1', 'Palermo', '2', '2', 'none'],
    ['GEOADD', 'Sicily', 'CH', '2', '1', 'Palermo', '2', '2', 'other'],
    ['GEOADD', 'Sicily', 'ch', 'xx', '2', '1', 'Palermo'],
    ['GEOADD', 'Sicily', 'XX', 'NX', '2', '1', 'Palermo'],
    ['GEOADD', 'Sicily', 'GT', '2', '1', 'Palermo'],
    ['GEOADD', 'Sicily', '2', '1'],
    ['GEOADD', 'Sicily', '2', '1', 'a', '3'],
    ['GEOADD', 'Sicily', 'NX', 'CH', 'NX'],
    ['GEOADD', 'Sicily', 'x', '1', 'a'],
    ['GEOADD', 'Sicily', '1', '', 'a'],
    ['GEOADD', 'Sicily', '1', '1', 'a', '1', 'x', 'b'],
    ['GEOADD', 'Sicily', '181', '1', 'a'],
    ['GEOADD', 'Sicily', '-180.0000001', '1', 'a'],
    ['GEOADD', 'Sicily', '200.0078125', '1', 'a'],
    ['GEOADD', 'Sicily', '1', '85.05112879', 'a'],
    ['GEOADD', 'Sicily', '1', '-inf', 'a'],
    ['GEOADD', 'Sicily', '1e300', '1', 'a'],
    ['GEOADD', 'Sicily', 'nan', '1', 'a'],
    ['GEOADD', 'string', '1', '1', 'a'],
    [
      'GEOADD',
      'edge',
      '180',
      '0',
      'a',
      '0',
      '85.05112878',
      'b',
      '180',
      '85.05112878',
      'c',
      '-180',
      '-85.05112878',
      'd',
    ],
    ['GEOADD', 'none', 'XX', '1', '1', 'a'],
    ['EXISTS', 'none'],
    ['ZRANGE', 'Sicily', '0', '-1', 'WITHSCORES'],
    ['ZRANGE', 'edge', '0', '-1', 'WITHSCORES'],
    ['GEOPOS', 'edge', 'a', 'b', 'c', 'd'],
    ['GEOHASH', 'edge', 'a', 'b', 'c', 'd'],
  ]);
});

lockstep('GEOPOS, GEOHASH and GEODIST read any sorted set', { resp: 'both' }, async (both) => {
  await fill(both);
  await both(
    'ZADD',
    'odd',
    '0',
    'zero',
    '-5',
    'negative',
    '1.5',
    'fraction',
    '1e15',
    'large',
    '4503599627370495',
    'last',
  );
  await both('ZADD', 'odd', '9007199254740992', 'beyond', '1e19', 'huge', '1e30', 'vast', '-1e18', 'deep');
  for (const key of ['Sicily', 'world', 'odd', 'missing', 'string']) {
    const members = [
      'Palermo',
      'Catania',
      'null',
      'London',
      'Paris',
      'Tokyo',
      'southwest',
      'zero',
      'negative',
      'fraction',
      'large',
    ];
    members.push('last', 'beyond', 'huge', 'vast', 'deep', 'none', '');
    await both('GEOPOS', key, ...members);
    await both('GEOHASH', key, ...members);
    await both('GEOPOS', key);
    await both('GEOHASH', key);
    for (const unit of [[], ['m'], ['KM'], ['ft'], ['Mi'], ['x'], ['m', 'x']])
      for (const [a, b] of [
        ['Palermo', 'Catania'],
        ['London', 'Paris'],
        ['London', 'Sydney'],
        ['null', 'Fiji'],
        ['London', 'London'],
        ['London', 'none'],
        ['zero', 'last'],
      ])
        await both('GEODIST', key, a!, b!, ...unit);
  }
});

const searches = [
  ['BYRADIUS', '200', 'km'],
  ['BYRADIUS', '0', 'm'],
  ['BYRADIUS', '5000', 'mi'],
  ['BYRADIUS', '30000', 'km'],
  ['BYRADIUS', '1e9', 'ft'],
  ['BYBOX', '400', '400', 'km'],
  ['BYBOX', '0', '100', 'km'],
  ['BYBOX', '20000', '3000', 'km'],
  ['BYBOX', '50000', '50000', 'km'],
];
const extras = [
  [],
  ['ASC'],
  ['DESC'],
  ['WITHDIST', 'ASC'],
  ['WITHCOORD', 'WITHDIST', 'WITHHASH', 'DESC'],
  ['COUNT', '2'],
  ['COUNT', '2', 'DESC', 'WITHDIST'],
  ['COUNT', '2', 'ANY'],
  ['COUNT', '3', 'ANY', 'DESC'],
  ['COUNT', '9223372036854775807'],
];

lockstep('GEOSEARCH finds the same members in the same order', { resp: 'both' }, async (both) => {
  await fill(both);
  for (const [key, ...centre] of [
    ['Sicily', 'FROMLONLAT', '15', '37'],
    ['Sicily', 'FROMMEMBER', 'Palermo'],
    ['world', 'FROMLONLAT', '0', '45'],
    ['world', 'FROMLONLAT', '180', '-16'],
    ['world', 'FROMLONLAT', '-180', '-85.05112878'],
    ['world', 'FROMLONLAT', '180', '85.05112878'],
    ['world', 'FROMMEMBER', 'northeast'],
    ['missing', 'FROMMEMBER', 'x'],
    ['string', 'FROMMEMBER', 'x'],
  ])
    for (const shape of searches)
      for (const extra of extras) await both('GEOSEARCH', key!, ...centre, ...shape, ...extra);
});

lockstep('GEORADIUS and GEORADIUSBYMEMBER find the same members', { resp: 'both' }, async (both) => {
  await fill(both);
  for (const extra of extras)
    for (const key of ['Sicily', 'world', 'missing', 'string'])
      await both.all([
        ['GEORADIUS', key, '15', '37', '200', 'km', ...extra],
        ['GEORADIUS_RO', key, '15', '37', '4000', 'mi', ...extra],
        ['GEORADIUSBYMEMBER', key, 'Palermo', '200', 'km', ...extra],
        ['GEORADIUSBYMEMBER_RO', key, 'London', '6000', 'km', ...extra],
      ]);
});

lockstep('geo searches store positions', async (both) => {
  await fill(both);
  const kept = async (): Promise<void> => {
    await both('TTL', 'to');
    await both('ZRANGE', 'to', '0', '-1', 'WITHSCORES');
    await both('DEL', 'to');
    await both('ZADD', 'to', '1', 'old');
  };
  for (const command of [
    ['GEORADIUS', 'Sicily', '15', '37', '200', 'km', 'STORE', 'to'],
    ['GEORADIUS', 'Sicily', '15', '37', '200', 'km', 'COUNT', '1', 'STORE', 'to'],
    ['GEORADIUS', 'Sicily', '15', '37', '1', 'm', 'STORE', 'to'],
    ['GEORADIUS', 'missing', '15', '37', '1', 'm', 'STORE', 'to'],
    ['GEORADIUSBYMEMBER', 'Sicily', 'Palermo', '200', 'km', 'STORE', 'to'],
    ['GEORADIUSBYMEMBER', 'missing', 'Palermo', '200', 'km', 'STORE', 'to'],
    ['GEOSEARCHSTORE', 'to', 'Sicily', 'FROMLONLAT', '15', '37', 'BYBOX', '400', '400', 'km'],
    ['GEOSEARCHSTORE', 'to', 'Sicily', 'FROMLONLAT', '15', '37', 'BYBOX', '400', '400', 'km', 'COUNT', '1', 'DESC'],
    ['GEOSEARCHSTORE', 'to', 'Sicily', 'FROMLONLAT', '15', '37', 'BYBOX', '1', '1', 'km'],
    ['GEOSEARCHSTORE', 'to', 'missing', 'FROMMEMBER', 'x', 'BYBOX', '1', '1', 'km'],
    ['GEOSEARCHSTORE', 'to', 'string', 'FROMMEMBER', 'x', 'BYBOX', '1', '1', 'km'],
  ]) {
    await both(...command);
    await kept();
  }
  await both('GEOSEARCHSTORE', 'Sicily', 'Sicily', 'FROMLONLAT', '15', '37', 'BYBOX', '400', '400', 'km', 'COUNT', '2');
  await both('ZRANGE', 'Sicily', '0', '-1', 'WITHSCORES');
  await both('SET', 'text', 'x');
  await both('GEORADIUS', 'world', '0', '0', '30000', 'km', 'STORE', 'text');
  await both('TYPE', 'text');
});

lockstep('geo searches store distances', async (both) => {
  await fill(both);
  for (const command of [
    ['GEORADIUS', 'Sicily', '15', '37', '200', 'km', 'STOREDIST', 'to'],
    ['GEORADIUSBYMEMBER', 'world', 'London', '20000', 'km', 'STORE', 'x', 'STOREDIST', 'to'],
    ['GEOSEARCHSTORE', 'to', 'world', 'FROMLONLAT', '15', '37', 'BYBOX', '9000', '9000', 'mi', 'STOREDIST'],
  ]) {
    await both(...command);
    // Sines differ in their last bits between C libraries and JavaScript.
    const [ours, theirs] = (await Promise.all(
      [both.headwater, both.redis].map((client) => client.value('ZRANGE', 'to', '0', '-1', 'WITHSCORES')),
    )) as string[][];
    assert.deepEqual(
      ours!.filter((_, i) => i % 2 === 0),
      theirs!.filter((_, i) => i % 2 === 0),
    );
    for (let i = 1; i < theirs!.length; i += 2) {
      const expected = Number(theirs![i]);
      assert.ok(Math.abs(Number(ours![i]) - expected) <= expected * 1e-12, `${ours![i]} for ${expected}`);
    }
    await both('DEL', 'to', 'x');
  }
});

lockstep('geo searches refuse what makes no sense', async (both) => {
  await fill(both);
  const centre = ['FROMLONLAT', '15', '37'];
  const shape = ['BYRADIUS', '200', 'km'];
  for (const rest of [
    [...centre, ...shape, 'COUNT', '0'],
    [...centre, ...shape, 'COUNT', '-1'],
    [...centre, ...shape, 'COUNT', 'x'],
    [...centre, ...shape, 'COUNT'],
    [...centre, ...shape, 'ANY'],
    [...centre, ...shape, 'NONSENSE'],
    [...centre, ...shape, 'STORE', 'to'],
    [...centre, ...shape, 'STOREDIST'],
    [...centre, ...shape, 'STOREDIST', 'WITHDIST'],
    [...centre, ...shape, 'WITHCOORD', 'WITHHASH', 'ANY'],
    [...centre, ...shape, ...shape],
    [...centre, ...shape, 'BYBOX', '1', '1', 'm'],
    [...centre, 'BYBOX', '1', '1', 'm', ...shape],
    [...centre, ...centre, ...shape],
    [...centre, 'FROMMEMBER', 'Palermo', ...shape],
    ['FROMMEMBER', 'Palermo', ...centre, ...shape],
    ['FROMMEMBER', 'Palermo', 'FROMMEMBER', 'Catania', ...shape],
    ['FROMMEMBER', 'none', ...shape],
    [...centre, 'ASC', 'ASC', 'ASC'],
    [...shape, 'ASC', 'ASC', 'ASC'],
    ['ASC', 'ASC', 'ASC', 'ASC', 'ASC', 'ASC'],
    ['FROMLONLAT', '181', '37', ...shape],
    ['FROMLONLAT', 'x', '37', ...shape],
    [...centre, 'BYRADIUS', '-1', 'km'],
    [...centre, 'BYRADIUS', 'x', 'km'],
    [...centre, 'BYRADIUS', '1', 'x'],
    [...centre, 'BYBOX', '-1', '1', 'km'],
    [...centre, 'BYBOX', '1', '-1', 'km'],
    [...centre, 'BYBOX', 'x', '1', 'km'],
    [...centre, 'BYBOX', '1', 'x', 'km'],
    [...centre, 'BYBOX', '1', '1', 'x'],
    [...centre, 'BYBOX', '1', '1'],
  ])
    for (const key of ['Sicily', 'missing']) {
      await both('GEOSEARCH', key, ...rest);
      await both('geosearchstore', 'to', key, ...rest);
    }
  for (const key of ['Sicily', 'missing'])
    await both.all([
      ['GEORADIUS', key, '15', '37', '-1', 'km'],
      ['GEORADIUS', key, '15', '37', 'x', 'km'],
      ['GEORADIUS', key, '15', '97', '1', 'km'],
      ['GEORADIUS', key, '15', '37', '1', 'x'],
      ['GEORADIUS', key, '15', '37', '1', 'km', 'STORE'],
      ['GEORADIUS', key, '15', '37', '1', 'km', 'STORE', 'to', 'WITHDIST'],
      ['GEORADIUS', key, '15', '37', '1', 'km', 'FROMMEMBER', 'x'],
      ['GEORADIUS', key, '15', '37', '1', 'km', 'ANY'],
      ['GEORADIUS_RO', key, '15', '37', '1', 'km', 'STORE', 'to'],
      ['GEORADIUSBYMEMBER', key, 'none', '1', 'km'],
      ['GEORADIUSBYMEMBER', key, 'Palermo', 'x', 'km'],
      ['GEORADIUSBYMEMBER', key, 'Palermo', '1', 'x', 'COUNT', '0'],
      ['GEORADIUSBYMEMBER_RO', key, 'Palermo', '1', 'km', 'STOREDIST', 'to'],
    ]);
  for (const name of [
    'GEOADD',
    'GEODIST',
    'GEOHASH',
    'GEOPOS',
    'GEOSEARCH',
    'GEOSEARCHSTORE',
    'GEORADIUS',
    'GEORADIUSBYMEMBER',
  ])
    await both.error(name, ...(['GEOHASH', 'GEOPOS'].includes(name) ? [] : ['k']));
  for (const command of [
    ['GEORADIUS', 'k', '1', '1', '1', 'm', 'STORE', 'a', 'STOREDIST', 'b'],
    ['GEORADIUSBYMEMBER', 'k', 'm', '1', 'm', 'STORE', 'a'],
    ['GEOSEARCHSTORE', 'd', 'k', 'FROMMEMBER', 'm', 'BYRADIUS', '1', 'm'],
  ])
    await both('COMMAND', 'GETKEYS', ...command);
});

lockstep('geo searches among random positions', { timeoutMs: 120_000 }, async (both) => {
  const degrees = (max: number): fc.Arbitrary<number> =>
    fc.oneof(
      fc.double({ min: -max, max, noNaN: true }),
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.constantFrom(-max, max, 0, -max + 0.001, max - 0.001),
    );
  const position = fc.tuple(degrees(180), degrees(85.05));
  await fc.assert(
    fc.asyncProperty(
      fc.array(position, { minLength: 1, maxLength: 150, size: 'max' }),
      position,
      fc.integer({ min: 0, max: 8 }),
      fc.double({ min: 0.1, max: 10, noNaN: true }),
      fc.boolean(),
      async (positions, [longitude, latitude], size, factor, box) => {
        await both('DEL', 'k');
        await both('GEOADD', 'k', ...positions.flatMap(([x, y], i) => [String(x), String(y), `m${i}`]));
        const length = String(factor * 10 ** size);
        const shape = box ? ['BYBOX', length, String(factor * 1000), 'm'] : ['BYRADIUS', length, 'm'];
        const centre = ['FROMLONLAT', String(longitude), String(latitude)];
        await both('GEOSEARCH', 'k', ...centre, ...shape, 'WITHHASH', 'WITHCOORD', 'WITHDIST');
        await both('GEOSEARCH', 'k', ...centre, ...shape, 'COUNT', '5', 'ANY');
        await both('GEOSEARCHSTORE', 'd', 'k', 'FROMMEMBER', 'm0', ...shape);
        await both('GEOHASH', 'k', 'm0', `m${positions.length - 1}`);
        await both('GEODIST', 'k', 'm0', `m${positions.length - 1}`);
      },
    ),
    { numRuns: 150 },
  );
});
