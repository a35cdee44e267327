/** Servers inside this process, as the library offers them. */
import test from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from '../../src/api/index.ts';
import { connectRaw } from '../support/raw-client.ts';
import { waitFor } from '../support/wait.ts';

test('a master, a replica and a sub-replica in one process share nothing but the stream', async (t) => {
  const directives = { 'repl-diskless-sync-delay': 0 };
  const follow = (port: number) => ({ directives: { ...directives, replicaof: ['127.0.0.1', String(port)] } });
  const master = await createServer({ directives });
  t.after(() => master.close());
  const replica = await createServer(follow(master.port));
  t.after(() => replica.close());
  const leaf = await createServer(follow(replica.port));
  t.after(() => leaf.close());
  await Promise.all([master.synced(), replica.synced(), leaf.synced()]);

  const [writer, reader] = [await connectRaw(master.port), await connectRaw(leaf.port)];
  t.after(() => Promise.all([writer.close(), reader.close()]));
  await writer.ok('SET', 'greeting', 'hello');
  await waitFor(async () => String(await reader.ok('GET', 'greeting')) === 'hello', {
    what: 'the write at the far end',
  });
  await waitFor(() => leaf.status().offset === master.status().offset, { what: 'equal offsets' });
  assert.equal(master.status().role, 'master');
  assert.equal(master.status().replicas, 1);
  assert.deepEqual(
    { ...leaf.status(), offset: 0, lastHeardSeconds: 0 },
    {
      role: 'replica',
      upstream: `127.0.0.1:${replica.port}`,
      link: 'up',
      offset: 0,
      lastHeardSeconds: 0,
      replicas: 0,
      keys: 1,
    },
  );
});

test('waiting for a master that is not there ends with an error', async (t) => {
  const gone = await createServer();
  await gone.close();
  const replica = await createServer({
    directives: { replicaof: ['127.0.0.1', String(gone.port)] },
    logFile: '/dev/null',
  });
  t.after(() => replica.close());
  await assert.rejects(replica.synced(50), /not up within 50 ms/);
  assert.equal(replica.status().link, 'down');
});

test('a bad directive is refused with its reason, and nothing is left running', async () => {
  await assert.rejects(createServer({ directives: { 'no-such-directive': 1 } }), /Bad directive|no-such-directive/);
});
