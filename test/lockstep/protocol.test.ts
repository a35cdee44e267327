/** Requests as bytes: framing, inline commands, malformed input, limits, against the real server. */
import assert from 'node:assert';
import { lockstep, type Both } from '../support/lockstep.ts';
import type { RawClient } from '../support/raw-client.ts';
import { encodeCommand } from '../support/resp.ts';

/** Sends bytes to both, shuts the sending side, and compares all that comes back until the close. */
async function untilClose(both: Both, bytes: string | Uint8Array): Promise<string> {
  const one = await both.open({ resp: 2 });
  const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  for (const client of [one.redis, one.headwater]) {
    client.send(data);
    client.endWriting();
  }
  try {
    return await one.closes();
  } catch (error) {
    const shown = JSON.stringify(Buffer.from(data.subarray(0, 200)).toString('latin1'));
    (error as Error).message = `after ${shown}: ${(error as Error).message}`;
    throw error;
  }
}

const ping = '*1\r\n$4\r\nPING\r\n';

lockstep('inline commands and their quoting', async (both) => {
  for (const line of [
    'PING',
    'ping',
    '  PING  ',
    '\tPING\t',
    'ECHO hello',
    'ECHO  "hello world"  ',
    'ECHO ""',
    "ECHO ''",
    'ECHO "a\\nb\\r\\t\\b\\a\\x41\\xff\\\\\\"\\q"',
    'ECHO "\\x4"',
    'ECHO "\\xzz"',
    "ECHO 'a\\'b\\n'",
    "ECHO 'it\\\\s'",
    'ECHO a"b"',
    'ECHO a"b c"',
    "ECHO a'b c'd",
    "ECHO 'a'b",
    'ECHO "a"b',
    'ECHO "a',
    "ECHO 'a",
    'ECHO "a\\"',
    'ECHO a\\ b',
    'ECHO \\n',
    '"PING"',
    '""',
    'SET k "v v"',
    'GET k',
    'ECHO a b',
    'NOSUCH',
    'NOSUCH "a b" c',
    ' ',
    '',
    'ECHO \u00e9',
    'ECHO a\vb',
    'ECHO a\fb',
    'ECHO a\rb',
    'ECHO "a\rb"',
    'ECHO +$*-',
    '+PING',
    '-PING',
    '$4',
    ':1',
  ])
    for (const end of ['\r\n', '\n', '\n\r\n', '\r\r\n']) await untilClose(both, `${line}${end}PING\r\n`);
});

lockstep('zero bytes in inline commands', async (both) => {
  for (const line of [
    '\0',
    '\0\0PING',
    'PING\0',
    'ECHO a\0b',
    'ECHO "a\0b"',
    'ECHO "a\\x00b"',
    "ECHO 'a\0b'",
    'P\0ING',
    'NOSUCH a\0b c',
  ])
    await untilClose(both, `${line}\r\nPING\r\n`);
});

lockstep('nothing, and lines of nothing', async (both) => {
  for (const bytes of [
    '',
    '\r\n',
    '\n',
    '\r\n\r\n\r\n',
    '\n\n\nPING\r\n',
    '\r',
    '\r\r\r',
    ' \r\n \n',
    '*0\r\n',
    '*-1\r\n',
    '*-10\r\n',
  ])
    for (const after of ['', ping, 'PING\r\n']) await untilClose(both, bytes + after);
});

lockstep('malformed counts', async (both) => {
  for (const count of [
    '',
    'x',
    '1x',
    'x1',
    ' 1',
    '1 ',
    '+1',
    '-',
    '--1',
    '01',
    '00',
    '-0',
    '1.0',
    '1e3',
    '0x1',
    '$',
    '*',
    '"1"',
    '\t1',
    '\0',
    '1\0',
    '1\n',
    '\n1',
  ])
    for (const end of ['\r\n', '\n', '\r']) await untilClose(both, `*${count}${end}$4\r\nPING\r\n`);
  for (const count of [
    '1048576',
    '1048577',
    '2147483647',
    '2147483648',
    '4294967297',
    '9223372036854775807',
    '9223372036854775808',
    '99999999999999999999',
    '-2147483648',
    '-2147483649',
    '-9223372036854775808',
    '-9223372036854775809',
  ])
    await untilClose(both, `*${count}\r\n${ping}`);
});

lockstep('malformed lengths', async (both) => {
  for (const length of [
    '',
    'x',
    '4x',
    'x4',
    ' 4',
    '4 ',
    '+4',
    '-',
    '-1',
    '-4',
    '--4',
    '04',
    '-0',
    '4.0',
    '0x4',
    '$4',
    '\0',
    '4\0',
    '\n4',
    '4\n',
  ])
    for (const end of ['\r\n', '\n', '\r']) await untilClose(both, `*1\r\n$${length}${end}PING\r\nPING\r\n`);
  for (const length of [
    '536870912',
    '536870913',
    '2147483647',
    '2147483648',
    '4294967300',
    '9223372036854775807',
    '9223372036854775808',
    '99999999999999999999',
    '-2147483648',
  ])
    await untilClose(both, `*1\r\n$${length}\r\nPING\r\n`);
});

lockstep('something else where a length should stand', async (both) => {
  for (const other of [
    '4\r\nPING\r\n',
    '*1\r\n',
    '+OK\r\n',
    ':4\r\n',
    '-x\r\n',
    '\r\n',
    '\n',
    '\r',
    ' $4\r\nPING\r\n',
    '\0\r\n',
    '\xff\r\n',
    'PING\r\n',
    '%\r\n',
    '\\\r\n',
    "'\r\n",
  ]) {
    await untilClose(both, `*1\r\n${other}`);
    await untilClose(both, `*2\r\n$4\r\nECHO\r\n${other}`);
    await untilClose(both, `${ping}*2\r\n$4\r\nECHO\r\n${other}${ping}`);
  }
});

lockstep('data that is shorter or longer than announced', async (both) => {
  for (const bytes of [
    '*1\r\n$4\r\nPINGPING\r\n',
    '*1\r\n$4\r\nPING\n\n',
    '*1\r\n$4\r\nPINGxx' + ping,
    '*1\r\n$3\r\nPING\r\n' + ping,
    '*1\r\n$5\r\nPING\r\n' + ping,
    '*1\r\n$0\r\n\r\n' + ping,
    '*2\r\n$0\r\n\r\n$1\r\na\r\n' + ping,
    '*2\r\n$4\r\nECHO\r\n$0\r\n\r\n' + ping,
    '*1\r\n$4\r\nPI',
    '*2\r\n$4\r\nPING\r\n',
    '*2\r\n$4\r\nPING\r\n$',
    '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100\r\nshort',
    '*1\r\n*1\r\n$4\r\nPING\r\n',
    '*1\r\n\r\n$4\r\nPING\r\n',
  ])
    await untilClose(both, bytes);
  await both('EXISTS', 'k');
});

lockstep('other protocols knocking at the door', async (both) => {
  for (const bytes of [
    'GET / HTTP/1.1\r\nUser-Agent: x\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\n\r\nSET a 1\r\n',
    'Host: example\r\nSET a 1\r\n',
    '\x16\x03\x01\x00\x05hello\r\n',
  ])
    await untilClose(both, bytes);
  await both('EXISTS', 'a');
});

lockstep('lines that never end', async (both) => {
  for (const [start, size] of [
    ['', 65_536],
    ['', 65_537],
    ['PING ', 70_000],
    ['*', 65_535],
    ['*', 65_600],
    ['*1\r\n$', 65_536],
    ['*1\r\n$', 65_600],
    ['*1\r\n', 65_600],
  ] as const) {
    const one = await both.open();
    for (const client of [one.redis, one.headwater]) client.send(start + '1'.repeat(size));
    // The real server looks once per read: both have judged when this much has arrived and nothing more comes.
    if (size > 65_536 + 32) await one.closes();
  }
});

lockstep('an inline command may be 64 KB long, not more', async (both) => {
  const at = async (length: number): Promise<string> => untilClose(both, `ECHO ${'x'.repeat(length)}\r\nPING\r\n`);
  assert.match(await at(60_000), /PONG/);
  assert.match(await at(16_000), /PONG/);
});

lockstep('replies to what came before an error are sent, what comes after is not run', async (both) => {
  const replies = await untilClose(both, `SET a 1\r\nINCR a\r\n*1\r\n$x\r\nSET b 1\r\n`);
  assert.strictEqual(replies, '+OK\r\n:2\r\n-ERR Protocol error: invalid bulk length\r\n');
  await both.all([
    ['GET', 'a'],
    ['GET', 'b'],
  ]);
});

lockstep('an error is not shown to a client that wants no replies', async (both) => {
  assert.strictEqual(await untilClose(both, `CLIENT REPLY OFF\r\nPING\r\n*x\r\n`), '');
});

lockstep('a pipeline split at every byte', async (both) => {
  const bytes = Buffer.concat([
    encodeCommand(['SET', 'k', 'va\r\nlue']),
    Buffer.from('ECHO "inline words"\r\n'),
    encodeCommand(['GET', 'k']),
    Buffer.from('\r\n*0\r\n*-1\r\nPING\n'),
    encodeCommand(['APPEND', 'k', '']),
    encodeCommand(['NOSUCH', Buffer.from([0, 255])]),
  ]);
  const whole = await untilClose(both, bytes);
  for (let at = 1; at < bytes.length; at++) {
    const ours = await inTwo(both, (one) => one.headwater, bytes, at);
    assert.strictEqual(ours, whole, `split at ${at}`);
  }
});

async function inTwo(both: Both, of: (one: Both) => RawClient, bytes: Buffer, at: number): Promise<string> {
  const client = of(await both.open());
  client.send(bytes.subarray(0, at));
  // A command of its own connection makes sure that the first part has been read before the second leaves.
  await of(both).ok('PING');
  client.send(bytes.subarray(at));
  client.endWriting();
  return (await client.untilClose()).toString('latin1');
}

lockstep('thousands of commands in one write, good and bad', async (both) => {
  const commands = Array.from({ length: 5000 }, (_, i) => {
    switch (i % 7) {
      case 0:
        return ['SET', `k${i % 50}`, 'x'.repeat(i % 300)];
      case 1:
        return ['GET', `k${i % 50}`];
      case 2:
        return ['INCR', `k${i % 50}`];
      case 3:
        return ['NOSUCH', String(i)];
      case 4:
        return ['GET'];
      case 5:
        return ['LPUSH', `l${i % 3}`, String(i)];
      default:
        return ['LRANGE', `l${i % 4}`, '0', '5'];
    }
  });
  await both.pipeline(commands);
});

lockstep('values of 10 MB', async (both) => {
  const big = Buffer.alloc(10 * 1024 * 1024, 'abc\r\n$5\r\n');
  await both('SET', 'big', big);
  await both('STRLEN', 'big');
  await both('GET', 'big');
  await both('ECHO', big);
  await both('APPEND', 'big', big);
  await both.pipeline([['GET', 'big'], ['PING'], ['GET', 'big'], ['DEL', 'big']]);
});

lockstep('a command of a million arguments', { timeoutMs: 120_000 }, async (both) => {
  const values = Array.from({ length: 1_000_000 }, (_, i) => String(i % 1000));
  await both.raw(encodeCommand(['RPUSH', 'l', ...values]));
  await both('LLEN', 'l');
  await both.raw(encodeCommand(['EXISTS', ...values]));
  await both.raw(encodeCommand(['NOSUCH', ...values]));
});

lockstep('a long chain of empty requests', async (both) => {
  await both.raw('*0\r\n'.repeat(50_000) + '\r\n'.repeat(50_000) + 'PING\r\n');
});

lockstep('replies larger than the sockets hold, to a client that reads late', async (both) => {
  await both('SET', 'big', 'x'.repeat(1_000_000));
  const late = async (client: RawClient): Promise<number> => {
    client.pause();
    client.send('GET big\r\n'.repeat(30));
    await new Promise((resolve) => setImmediate(resolve));
    client.resume();
    let total = 0;
    for (let i = 0; i < 30; i++) total += (await client.reply()).length;
    return total;
  };
  assert.strictEqual(await late(both.headwater), await late(both.redis));
});

lockstep('unknown commands are named, within limits', async (both) => {
  await both.all([
    ['x'.repeat(128)],
    ['x'.repeat(129), 'y'],
    ['nosuch', 'a'.repeat(127), 'b'],
    ['nosuch', 'a'.repeat(128), 'b'],
    ['nosuch', 'a'.repeat(200)],
    ['nosuch', ...Array.from({ length: 100 }, (_, i) => `arg${i}`)],
    ['nosuch', ''],
    [''],
    ['', 'a'],
    ['nosuch', 'with\r\nbreak'],
    ['no\nsuch'],
    [Buffer.from('no\0such'), Buffer.from('a\0b'), 'c'],
    [Buffer.from([0xff, 0xfe]), Buffer.from([0x80])],
    ['GET|x'],
    ['SETX', 'a'],
  ]);
});
