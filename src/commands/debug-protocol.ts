/** DEBUG PROTOCOL: one value of each RESP type, for tests of client libraries. The values are Redis's. */
import { replyError } from '../base/errors.ts';
import type { Call } from './call.ts';

const noPush = replyError('ERR RESP2 is not supported by this command');
const unknownType = replyError(
  'ERR Wrong protocol type name. Please use one of the following: ' +
    'string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false',
);
const ATTRIBUTE_HEADER = Buffer.from('|1\r\n');

const replies: { readonly [type: string]: ((call: Call) => void) | undefined } = {
  string: ({ reply }) => reply.bulkText('Hello World'),
  integer: ({ reply }) => reply.integer(12345),
  double: ({ reply }) => reply.double('3.141'),
  bignum: ({ reply }) => reply.bigNumber('1234567999999999999999999999999999999'),
  null: ({ reply }) => reply.null(),
  array: ({ reply }) => {
    reply.array(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  },
  set: ({ reply }) => {
    reply.set(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  },
  map: ({ reply }) => {
    reply.map(3);
    for (let i = 0; i < 3; i++) {
      reply.integer(i);
      reply.bool(i === 1);
    }
  },
  attrib: ({ reply }) => {
    if (reply.resp === 3) {
      reply.raw(ATTRIBUTE_HEADER);
      reply.bulkText('key-popularity');
      reply.array(2);
      reply.bulkText('key:123');
      reply.integer(90);
    }
    reply.bulkText('Some real reply following the attribute');
  },
  push: ({ reply }) => {
    if (reply.resp === 2) throw noPush;
    reply.push(2);
    reply.bulkText('server-cpu-usage');
    reply.integer(42);
    reply.bulkText('Some real reply following the push reply');
  },
  verbatim: ({ reply }) => reply.verbatim('This is a verbatim\nstring'),
  true: ({ reply }) => reply.bool(true),
  false: ({ reply }) => reply.bool(false),
};

export function debugProtocol(call: Call): void {
  const name = call.text(2).toLowerCase();
  const write = Object.hasOwn(replies, name) ? replies[name] : undefined;
  if (write === undefined) throw unknownType;
  write(call);
}
