/** What SORT and the geo commands send to replicas, compared with redis-server. */
import { streamLockstep } from '../support/stream-lockstep.ts';

const { streams } = streamLockstep();

streams('SORT is propagated as it came when it stores, and only if that changes something', [
  'RPUSH k 3 1 2',
  'SADD s b a c',
  'SORT k',
  'SORT_RO k',
  'SORT k STORE d',
  'sort k DESC LIMIT 0 2 STORE d',
  'SORT s BY nosort STORE d',
  'SORT none STORE d',
  'SORT none STORE d',
  'SORT k LIMIT 5 1 STORE d',
  'SORT s STORE d',
]);

streams('GEOADD is propagated as ZADD, searches as they came when they store', [
  'GEOADD k 13.361389 38.115556 a 15.087269 37.502669 b',
  'GEOADD k 13.361389 38.115556 a',
  'geoadd k NX CH 1 1 c 2 2 a',
  'GEOADD k XX 1 1 none',
  'GEOADD k 1000 1 c',
  'GEODIST k a b',
  'GEOPOS k a',
  'GEOHASH k a',
  'GEOSEARCH k FROMMEMBER a BYRADIUS 500 km',
  'GEOSEARCHSTORE d k FROMMEMBER a BYRADIUS 500 km',
  'GEOSEARCHSTORE d none FROMMEMBER a BYRADIUS 500 km',
  'GEOSEARCHSTORE d none FROMMEMBER a BYRADIUS 500 km',
  'GEORADIUS k 15 37 200 km STORE d',
  'GEORADIUS k 15 37 200 km',
  'GEORADIUSBYMEMBER k a 1000 km STOREDIST d',
  'GEORADIUS k 100 37 1 m STORE d',
  'GEORADIUS k 100 37 1 m STORE d',
]);
