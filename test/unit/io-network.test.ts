import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeNetwork } from '../../src/io/node-network.ts';
import type { Connection, Endpoint, Listener } from '../../src/io/world.ts';
import { freePort } from '../support/free-port.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const anyPort: Endpoint = { kind: 'tcp', host: '127.0.0.1', port: 0 };

/** One end of a connection, with everything that happened to it. */
class End {
  readonly connection: Connection;
  readonly events: string[] = [];
  text = '';
  bytes = 0;
  error: NodeJS.ErrnoException | undefined;

  constructor(connection: Connection, onData: (end: End, bytes: Uint8Array) => void = () => {}) {
    this.connection = connection;
    connection.handle({
      onOpen: () => this.events.push('open'),
      onData: (bytes) => {
        this.bytes += bytes.length;
        if (this.bytes < 1000) this.text += Buffer.from(bytes).toString();
        onData(this, bytes);
      },
      onDrain: () => this.events.push('drain'),
      onClose: (error) => {
        this.error = error;
        this.events.push('close');
      },
    });
  }

  async closed(): Promise<void> {
    await waitFor(() => this.events.at(-1) === 'close', { what: 'the close' });
    assert.equal(this.events.filter((event) => event === 'close').length, 1);
    assert.ok(this.connection.closed);
  }
}

/** A listener, the ends that it accepted, and a client end. */
async function pair(
  endpoint: Endpoint = anyPort,
  onData?: (end: End, bytes: Uint8Array) => void,
): Promise<{ listener: Listener; server: End; client: End }> {
  const network = nodeNetwork();
  const accepted: End[] = [];
  const listener = await network.listen({ endpoint }, (connection) => accepted.push(new End(connection, onData)));
  const client = new End(network.connect(listener.endpoint));
  await waitFor(() => accepted.length === 1 && client.events.includes('open'), { what: 'the connection' });
  return { listener, server: accepted[0]!, client };
}

test('a connection carries bytes both ways, knows its addresses, and closes both ends once', async () => {
  const { listener, server, client } = await pair();
  assert.equal(server.connection.write(Buffer.from('hello')), true);
  await waitFor(() => client.text === 'hello', { what: 'the greeting' });
  client.connection.write(Buffer.from('thanks'));
  await waitFor(() => server.text === 'thanks', { what: 'the thanks' });
  assert.ok(listener.endpoint.kind === 'tcp' && listener.endpoint.port > 0);
  assert.equal(client.connection.remoteAddress, `127.0.0.1:${listener.endpoint.port}`);
  assert.equal(server.connection.remoteAddress, client.connection.localAddress);
  assert.equal(server.connection.remoteHost, '127.0.0.1');
  assert.ok(server.connection.descriptor > 0);
  assert.equal(server.connection.pendingBytes, 0);
  server.connection.setKeepAlive(300);
  server.connection.setNoDelay(false);
  server.connection.destroy();
  server.connection.destroy();
  await server.closed();
  await client.closed();
  assert.equal(server.connection.write(Buffer.from('late')), true);
  assert.equal(server.connection.remoteHost, '127.0.0.1');
  await listener.close();
});

test('write tells when the kernel did not take everything, and onDrain when it has', async () => {
  const { listener, server, client } = await pair();
  client.connection.pause();
  const chunk = Buffer.alloc(1 << 20, 'x');
  let written = 0;
  do written += chunk.length;
  while (server.connection.write(chunk));
  assert.ok(server.connection.pendingBytes > 0);
  assert.equal(server.connection.write(Buffer.from('small')), false);
  written += 5;
  assert.deepEqual(server.events, []);
  client.connection.resume();
  await waitFor(() => client.bytes === written, { what: 'all bytes' });
  await waitFor(() => server.events.length > 0, { what: 'the drain' });
  assert.deepEqual(server.events, ['drain']);
  assert.equal(server.connection.pendingBytes, 0);
  assert.equal(server.connection.write(Buffer.from('!')), true);
  client.connection.destroy();
  await server.closed();
  await listener.close();
});

test('bytes that were kept after onData are overwritten when asked for', async () => {
  const network = nodeNetwork({ scrubReads: true });
  let kept: Uint8Array = new Uint8Array(0);
  const listener = await network.listen({ endpoint: anyPort }, (connection) =>
    connection.handle({ onData: (bytes) => (kept = bytes), onClose() {} }),
  );
  const client = new End(network.connect(listener.endpoint));
  client.connection.write(Buffer.from('abc'));
  await waitFor(() => kept.length === 3, { what: 'the bytes' });
  assert.deepEqual([...kept], [0xdb, 0xdb, 0xdb]);
  client.connection.destroy();
  await client.closed();
  await listener.close();
});

test('a paused connection delivers nothing until it is resumed, and then the end too', async () => {
  const { listener, server, client } = await pair();
  server.connection.pause();
  client.connection.write(Buffer.from('wait'));
  client.connection.end();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(server.text, '');
  server.connection.resume();
  await server.closed();
  assert.equal(server.text, 'wait');
  await listener.close();
});

test('end sends what is queued before it closes, and delivers nothing after', async () => {
  const { listener, server, client } = await pair();
  client.connection.pause();
  const chunk = Buffer.alloc(8 << 20, 'x');
  server.connection.write(chunk);
  server.connection.end();
  client.connection.write(Buffer.from('too late'));
  client.connection.resume();
  await waitFor(() => client.bytes === chunk.length, { what: 'the queued bytes' });
  await server.closed();
  assert.equal(server.text, '');
  client.connection.destroy();
  await client.closed();
  await listener.close();
});

test('a client that shut down its sending side still gets replies written at the end of the turn', async () => {
  const { listener, server } = await pair(anyPort, (end, bytes) => {
    const copy = Buffer.from(bytes);
    setImmediate(() => end.connection.write(copy));
  });
  assert.ok(listener.endpoint.kind === 'tcp');
  const socket = connect({ port: listener.endpoint.port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  socket.on('data', (bytes) => (text += bytes.toString()));
  socket.end('echo');
  await new Promise((resolve) => socket.once('end', resolve));
  assert.equal(text, 'echo');
  server.connection.destroy();
  await listener.close();
});

test('listening and connecting report the errors of the system', async () => {
  const network = nodeNetwork();
  const { listener, server, client } = await pair();
  await assert.rejects(
    network.listen({ endpoint: listener.endpoint }, () => {}),
    { code: 'EADDRINUSE' },
  );
  const closedPort = await freePort();
  for (const host of ['127.0.0.1', 'localhost']) {
    const refused = new End(network.connect({ kind: 'tcp', host, port: closedPort }));
    await refused.closed();
    assert.equal(refused.error?.code, 'ECONNREFUSED');
    assert.match(refused.error.message, /ECONNREFUSED/);
    assert.deepEqual(refused.events, ['close']);
  }
  client.connection.destroy();
  await server.closed();
  await listener.close();
});

test('a closed listener frees its port at once, and its connections live on', async () => {
  const { listener, server, client } = await pair();
  await listener.close();
  const again = await nodeNetwork().listen({ endpoint: listener.endpoint }, () => {});
  server.connection.write(Buffer.from('still here'));
  await waitFor(() => client.text === 'still here', { what: 'bytes after the listener closed' });
  client.connection.destroy();
  await server.closed();
  await again.close();
});

test('a connection destroyed before it opens reports only the close', async () => {
  const { listener, server, client } = await pair();
  const early = new End(nodeNetwork().connect(listener.endpoint));
  early.connection.write(Buffer.from('never'));
  early.connection.destroy();
  await early.closed();
  assert.deepEqual(early.events, ['close']);
  client.connection.destroy();
  await server.closed();
  await listener.close();
});

test('a unix socket gets its mode, replaces the stale file of a crashed server, and goes when closed', async () => {
  const dir = tempDir();
  const path = join(dir.path, 'server.sock');
  const endpoint: Endpoint = { kind: 'unix', path };
  const network = nodeNetwork();
  const first = await network.listen({ endpoint, unixMode: 0o600 }, () => {});
  assert.equal(statSync(path).mode & 0o777, 0o600);
  // The file of `first` stands for one left behind: only its name counts.
  const { listener, server, client } = await pair(endpoint);
  assert.ok(server.connection.isUnix);
  assert.equal(server.connection.remoteAddress, `${path}:0`);
  assert.equal(server.connection.remoteHost, '');
  client.connection.write(Buffer.from('over unix'));
  await waitFor(() => server.text === 'over unix', { what: 'the bytes' });
  client.connection.end();
  await server.closed();
  await listener.close();
  assert.ok(!existsSync(path));
  await first.close();
  writeFileSync(path, 'a file of the user');
  await assert.rejects(
    network.listen({ endpoint }, () => {}),
    { code: 'EADDRINUSE' },
  );
  assert.ok(existsSync(path));
  dir.remove();
});
