/** TLS for clients and for replication, with redis-cli, node-redis and redis-server as partners. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { createClient } from 'redis';
import { dataset, sendAll } from '../support/dataset.ts';
import { type Certificate, Certificates } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw } from '../support/raw-client.ts';
import { converged, type Node, pairs, Scenario } from '../support/scenario.ts';
import { runTool } from '../support/tools.ts';

let certificates: Certificates;
let server: Certificate;
let client: Certificate;

before(async () => {
  certificates = await Certificates.create();
  server = await certificates.issue('server');
  client = await certificates.issue('client');
});
after(() => certificates.remove());

/** The directives of a server that speaks TLS on `port`. */
function directives(port: number, ...more: readonly string[]): string[] {
  const files = ['--tls-cert-file', server.cert, '--tls-key-file', server.key];
  return ['--tls-port', String(port), ...files, '--tls-ca-cert-file', certificates.authority.cert, ...more];
}

function redisCli(port: number, identity: Certificate | undefined, ...command: readonly string[]) {
  const own = identity === undefined ? [] : ['--cert', identity.cert, '--key', identity.key];
  return runTool('redis-cli', [
    '-p',
    String(port),
    '--tls',
    '--cacert',
    certificates.authority.cert,
    ...own,
    ...command,
  ]);
}

test('clients speak TLS on tls-port and plain text on port', async (t) => {
  const scenario = new Scenario(t);
  const port = await freePort();
  const node = await scenario.start('headwater', directives(port));
  const reply = await redisCli(port, client, 'SET', 'greeting', 'over tls');
  assert.equal(reply.stdout, 'OK\n');
  assert.equal(await node.client.value('GET', 'greeting'), 'over tls');
  assert.match(
    String(await node.client.value('INFO', 'server')),
    new RegExp(`listener1:name=tls,bind=127.0.0.1,port=${port}`),
  );
  const refused = await redisCli(port, undefined, 'PING');
  assert.notEqual(refused.stdout, 'PONG\n');
  for (const choice of ['optional', 'no']) {
    await node.ok('CONFIG', 'SET', 'tls-auth-clients', choice);
    assert.equal((await redisCli(port, undefined, 'PING')).stdout, 'PONG\n');
  }
  await node.ok('CONFIG', 'SET', 'tls-auth-clients', 'optional');
  const stranger = await Certificates.create();
  t.after(() => stranger.remove());
  assert.notEqual((await redisCli(port, await stranger.issue('client'), 'PING')).stdout, 'PONG\n');
});

test('node-redis moves large values, pipelines and messages over TLS', async (t) => {
  const scenario = new Scenario(t);
  const port = await freePort();
  await scenario.start('headwater', directives(port));
  const redis = createClient({
    socket: {
      host: '127.0.0.1',
      port,
      tls: true,
      ca: readFileSync(certificates.authority.cert),
      cert: readFileSync(client.cert),
      key: readFileSync(client.key),
      checkServerIdentity: () => undefined,
    },
  });
  redis.on('error', () => {});
  await redis.connect();
  t.after(() => redis.destroy());
  const large = 'v'.repeat(20_000_000);
  await redis.set('large', large);
  assert.equal((await redis.get('large'))?.length, large.length);
  const sums = await Promise.all(Array.from({ length: 5000 }, () => redis.incr('count')));
  assert.equal(sums.at(-1), 5000);
  const subscriber = redis.duplicate();
  subscriber.on('error', () => {});
  await subscriber.connect();
  t.after(() => subscriber.destroy());
  const heard = new Promise<string>(
    (resolve) => void subscriber.subscribe('news', resolve).then(() => redis.publish('news', 'hi')),
  );
  assert.equal(await heard, 'hi');
});

for (const { master, replica } of pairs) {
  test(`${master} -> ${replica} with tls-replication`, { timeout: 120_000 }, async (t) => {
    const scenario = new Scenario(t);
    const start = async (kind: Node['kind']): Promise<Node & { readonly tlsPort: number }> => {
      const tlsPort = await freePort();
      const node = await scenario.start(kind, directives(tlsPort, '--tls-replication', 'yes'));
      return Object.assign(node, { tlsPort });
    };
    const [upper, lower] = [await start(master), await start(replica)];
    await sendAll(upper.client, dataset(5, 800, 3_000_000));
    await lower.follow({ port: upper.tlsPort });
    await converged(upper, lower);
    // Elsewhere: the same streams take no smaller IDs.
    await upper.ok('SELECT', 1);
    await sendAll(upper.client, dataset(6, 400, 100_000));
    await converged(upper, lower);
    assert.match((await upper.info('slave0')) ?? '', new RegExp(`port=${lower.tlsPort},state=online`));
  });
}

test('certificates are renewed by CONFIG SET, and what does not work is refused', async (t) => {
  const scenario = new Scenario(t);
  const port = await freePort();
  const node = await scenario.start('headwater', directives(port, '--tls-auth-clients', 'no'));
  assert.equal(await nameAt(port), 'server');
  const next = await certificates.issue('renewed');
  const set = await node.client.call('CONFIG', 'SET', 'tls-cert-file', next.cert, 'tls-key-file', next.key);
  assert.equal(String(set), '+OK\r\n');
  assert.equal(await nameAt(port), 'renewed');
  for (const [name, value] of [
    ['tls-key-file', '/does/not/exist'],
    ['tls-cert-file', '/does/not/exist'],
    ['tls-key-file', client.key],
    ['tls-protocols', 'SSLv9'],
    ['tls-ciphers', 'nonsense'],
  ] as const) {
    const reply = String(await node.client.call('CONFIG', 'SET', name, value));
    const text = 'Unable to update TLS configuration. Check server logs.';
    assert.equal(reply, `-ERR CONFIG SET failed (possibly related to argument '${name}') - ${text}\r\n`);
    assert.equal(await nameAt(port), 'renewed');
  }
  await node.logged('Failed to load private key');
  const other = await freePort();
  await node.ok('CONFIG', 'SET', 'tls-port', other);
  assert.equal(await nameAt(other), 'renewed');
  await assert.rejects(nameAt(port), /ECONNREFUSED/);
});

test('a server without the certificates that tls-port needs does not start', async () => {
  const port = await freePort();
  await assert.rejects(startHeadwater(['--tls-port', String(port)]), (error: Error) => {
    assert.match(error.message, /ended with 1/);
    assert.match(error.message, /No tls-cert-file configured!/);
    assert.match(error.message, /Failed to configure TLS. Check logs for more info\./);
    return true;
  });
});

test('bytes that are no TLS disturb nobody', async (t) => {
  const scenario = new Scenario(t);
  const port = await freePort();
  await scenario.start('headwater', directives(port));
  const plain = await connectRaw(port);
  await assert.rejects(plain.call('PING'));
  await plain.close();
  assert.equal((await redisCli(port, client, 'PING')).stdout, 'PONG\n');
});

/** The common name of the certificate that a server shows. */
function nameAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
