/** Arguments and history of the bitmap commands, as COMMAND DOCS shows them. */
import {
  after,
  block,
  integer,
  key,
  keyAs,
  multiple,
  multipleTokens,
  oneOf,
  optional,
  since,
  string,
  word,
} from './arguments.ts';
import type { DocsTable } from './docs.ts';

export const bitmapDocs: DocsTable = {
  bitcount: {
    history: [['7.0.0', 'Takes the unit of the range, `BYTE` or `BIT`.']],
    arguments: [
      key,
      optional(
        block(
          'index',
          integer('start'),
          integer('end'),
          optional(since('7.0.0', oneOf('index_unit', word('BYTE'), word('BIT')))),
        ),
      ),
    ],
  },
  bitfield: {
    arguments: [
      key,
      optional(
        multiple(
          oneOf(
            'operation',
            after('GET', block('encoding_offset', string('encoding'), integer('offset'))),
            block(
              'write',
              optional(after('OVERFLOW', oneOf('wrap_sat_fail', word('WRAP'), word('SAT'), word('FAIL')))),
              oneOf(
                'write_operation',
                after('SET', block('encoding_offset_value', string('encoding'), integer('offset'), integer('value'))),
                after(
                  'INCRBY',
                  block('encoding_offset_increment', string('encoding'), integer('offset'), integer('increment')),
                ),
              ),
            ),
          ),
        ),
      ),
    ],
  },
  bitfield_ro: {
    arguments: [
      key,
      optional(multipleTokens(after('GET', block('encoding_offset', string('encoding'), integer('offset'))))),
    ],
  },
  bitop: {
    arguments: [string('operation'), keyAs('destkey', 0), multiple(keyAs('key', 1))],
  },
  bitpos: {
    history: [['7.0.0', 'Takes the unit of the range, `BYTE` or `BIT`.']],
    arguments: [
      key,
      integer('bit'),
      optional(
        block(
          'index',
          integer('start'),
          optional(
            block(
              'end_index',
              integer('end'),
              optional(since('7.0.0', oneOf('index_unit', word('BYTE'), word('BIT')))),
            ),
          ),
        ),
      ),
    ],
  },
  getbit: {
    arguments: [key, integer('offset')],
  },
  setbit: {
    arguments: [key, integer('offset'), integer('value')],
  },
};
