/** What REPLCONF, PSYNC, SYNC, INFO replication and ROLE say; texts as redis-server 7.0 gives them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplyError } from '../../src/base/errors.ts';
import type { ConnectionHandlers } from '../../src/io/world.ts';
import type { ReplicaPeer } from '../../src/replication/ports.ts';
import { ReplicationNode } from './support/replication-node.ts';
import { SeededRandom, SimNetwork, VirtualClock } from './support/sim-network.ts';

function build(): { clock: VirtualClock; network: SimNetwork; node: ReplicationNode } {
  const clock = new VirtualClock();
  const network = new SimNetwork(clock, new SeededRandom(1));
  return { clock, network, node: new ReplicationNode({ clock, network, port: 1 }) };
}

interface Wire {
  text: string;
  closed: boolean;
  send(text: string): void;
}

/** A client that records what it gets. */
async function client(clock: VirtualClock, network: SimNetwork, port = 1): Promise<Wire> {
  const connection = network.connect({ kind: 'tcp', host: '127.0.0.1', port });
  const wire: Wire = {
    text: '',
    closed: false,
    send: (text) => void connection.write(Buffer.from(text, 'latin1')),
  };
  const handlers: ConnectionHandlers = {
    onData: (bytes) => void (wire.text += Buffer.from(bytes).toString('latin1')),
    onClose: () => void (wire.closed = true),
  };
  connection.handle(handlers);
  await clock.advance(5);
  return wire;
}

function peerOf(network: SimNetwork, pending = false): ReplicaPeer {
  const connection = network.connect({ kind: 'tcp', host: '127.0.0.1', port: 999 });
  return {
    id: 1,
    connection,
    replica: null,
    hasPendingReplies: () => pending,
    takeReplies: () => Buffer.from(pending ? '+OK\r\n' : ''),
    describe: () => 'id=1',
  };
}

const replconf: [args: string[], answer: string][] = [
  [[], 'ok'],
  [['a'], 'ERR syntax error'],
  [['foo', 'bar'], 'ERR Unrecognized REPLCONF option: foo'],
  [['listening-port', 'abc'], 'ERR value is not an integer or out of range'],
  [['listening-port', '7777'], 'ok'],
  [['capa', 'eof', 'CAPA', 'psync2'], 'ok'],
  [['capa', 'whatever'], 'ok'],
  [['capa', 'eof', 'capa', 'pipelined-psync', 'capa', 'psync2'], 'ok-pipelined-psync'],
  [['rdb-only', '2'], 'ERR value is out of range, value must between 0 and 1'],
  [['rdb-only', '0'], 'ok'],
  [['rdb-filter-only', 'xx'], 'ERR Unsupported rdb-filter-only option: xx'],
  [['rdb-filter-only', 'functions'], 'ok'],
  [['rdb-filter-only', ''], 'ok'],
  [['ip-address', 'x'.repeat(300)], 'ERR REPLCONF ip-address provided by replica instance is too long: 300 bytes'],
  [['ACK', '12'], 'none'],
  [['ack', 'nonsense'], 'none'],
];

for (const [args, expected] of replconf) {
  test(`REPLCONF ${args.join(' ').slice(0, 30)} is answered as Redis answers it`, () => {
    const { network, node } = build();
    const answer = node.replication.replconf(peerOf(network), args);
    assert.equal(answer instanceof ReplyError ? answer.text : answer, expected);
  });
}

test('PSYNC is refused with a wrong offset, pending output, or a filter without EOF capability', () => {
  const { network, node } = build();
  const text = (answer: unknown): unknown => (answer instanceof ReplyError ? answer.text : answer);
  assert.equal(
    text(node.replication.psync(peerOf(network), '?', 'abc')),
    'ERR value is not an integer or out of range',
  );
  assert.equal(
    text(node.replication.psync(peerOf(network, true), '?', '-1')),
    'ERR SYNC and PSYNC are invalid with pending output',
  );
  const filtered = peerOf(network);
  node.replication.replconf(filtered, ['rdb-filter-only', 'functions']);
  assert.equal(text(node.replication.psync(filtered, '?', '-1')), 'ERR Filtered replica requires EOF capability');
  assert.equal(node.replication.counters.syncFull, 0);
});

test('a replica without a working link refuses PSYNC with NOMASTERLINK', () => {
  const { network, node } = build();
  node.replication.replicaOf('127.0.0.1', 55);
  const answer = node.replication.psync(peerOf(network), '?', '-1');
  assert.ok(answer instanceof ReplyError);
  assert.equal(answer.text, "NOMASTERLINK Can't SYNC while not connected with my master");
});

test('SYNC gets a payload of known length without a +FULLRESYNC line, then the stream at once', async () => {
  const { clock, network, node } = build();
  await node.start();
  node.data.set('0:a', 'b');
  const wire = await client(clock, network);
  wire.send('SYNC\r\n');
  await clock.advance(50);
  assert.match(wire.text, /^\$\d+\r\nREDIS0010/);
  const before = wire.text.length;
  node.set('x', '1', 11);
  await clock.advance(50);
  assert.equal(wire.text.slice(before), '*2\r\n$6\r\nSELECT\r\n$2\r\n11\r\n*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n1\r\n');
});

test('a diskless payload stands between two equal marks, and the stream waits for the first ACK', async () => {
  const { clock, network, node } = build();
  await node.start();
  const wire = await client(clock, network);
  wire.send('REPLCONF capa eof\r\n');
  await clock.advance(10);
  wire.send('PSYNC ? -1\r\n');
  await clock.advance(50);
  assert.match(wire.text, /^\+OK\r\n\+FULLRESYNC [0-9a-f]{40} 0\r\n\$EOF:([0-9a-f]{40})\r\nREDIS0010[^]*\1$/);
  const before = wire.text.length;
  node.set('x', '1');
  await clock.advance(50);
  assert.equal(wire.text.length, before);
  wire.send('REPLCONF ACK 0\r\n');
  await clock.advance(50);
  assert.ok(wire.text.slice(before).startsWith('*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n'));
});

test('+CONTINUE names our id only to those who know PSYNC2', async () => {
  const { clock, network, node } = build();
  await node.start();
  const first = await client(clock, network);
  first.send('PSYNC ? -1\r\n');
  await clock.advance(50);
  const { replid } = node.replication.history;
  const old = await client(clock, network);
  old.send(`PSYNC ${replid} 1\r\n`);
  await clock.advance(50);
  assert.equal(old.text, '+CONTINUE\r\n');
  const modern = await client(clock, network);
  modern.send('REPLCONF capa psync2\r\n');
  await clock.advance(10);
  modern.send(`PSYNC ${replid} 1\r\n`);
  await clock.advance(50);
  assert.equal(modern.text, `+OK\r\n+CONTINUE ${replid}\r\n`);
});

test('while a disk snapshot runs, who waits gets a newline every second', async () => {
  const { clock, network, node } = build();
  await node.start();
  node.settings.replDisklessSync = false;
  node.sliceBytes = 1000;
  node.snapshotMayEnd = false;
  const wire = await client(clock, network);
  wire.send('PSYNC ? -1\r\n');
  await clock.advance(5100);
  assert.match(wire.text, /^\+FULLRESYNC [0-9a-f]{40} 0\r\n\n{5}$/);
});

test('a backup tool that wants the RDB only is disconnected after it', async () => {
  const { clock, network, node } = build();
  await node.start();
  const wire = await client(clock, network);
  wire.send('REPLCONF rdb-only 1\r\n');
  await clock.advance(10);
  wire.send('SYNC\r\n');
  await clock.advance(100);
  assert.match(wire.text, /^\+OK\r\n\$\d+\r\nREDIS/);
  assert.equal(wire.closed, true);
  assert.equal(node.log.count('should be disconnected asap'), 1);
});

test('a replica that asks for a reply is disconnected', async () => {
  const { clock, network, node } = build();
  await node.start();
  const wire = await client(clock, network);
  wire.send('PSYNC ? -1\r\n');
  await clock.advance(50);
  wire.send('*1\r\n$4\r\nPING\r\n');
  await clock.advance(50);
  assert.equal(wire.closed, true);
  assert.equal(node.log.count("Replica generated a reply to command 'ping', disconnecting it: id="), 1);
});

test('INFO replication of a new master and of a replica that never had its master', () => {
  const { node } = build();
  const { replication } = node;
  const show = (): string =>
    replication
      .infoRows()
      .map((row) => row.join(':'))
      .join('\n');
  const tail = (id: string): string =>
    `connected_slaves:0\nmaster_failover_state:no-failover\nmaster_replid:${id}\nmaster_replid2:${'0'.repeat(40)}\n` +
    'master_repl_offset:0\nsecond_repl_offset:-1\nrepl_backlog_active:0\nrepl_backlog_size:1048576\n' +
    'repl_backlog_first_byte_offset:0\nrepl_backlog_histlen:0\nreplica_clients_waiting_psync:0';
  const { replid } = replication.history;
  assert.equal(show(), `role:master\n${tail(replid)}`);
  assert.deepEqual(replication.role(), { role: 'master', offset: 0, replicas: [] });
  replication.replicaOf('10.0.0.9', 7001);
  assert.equal(
    show(),
    'role:slave\nmaster_host:10.0.0.9\nmaster_port:7001\nmaster_link_status:down\nmaster_last_io_seconds_ago:-1\n' +
      'master_sync_in_progress:0\nslave_read_repl_offset:1\nslave_repl_offset:1\nmaster_link_down_since_seconds:-1\n' +
      `slave_priority:100\nslave_read_only:1\nreplica_announced:1\n${tail(replid)}\n` +
      'headwater_master_link_attempts:1\nheadwater_master_link_failures:0\nheadwater_master_link_retry_in_ms:-1',
  );
  assert.deepEqual(replication.role(), {
    role: 'slave',
    host: '10.0.0.9',
    port: 7001,
    state: 'connecting',
    offset: -1,
  });
});

test('a master without enough good replicas says so', async () => {
  const { clock, network, node } = build();
  await node.start();
  node.settings.minReplicasToWrite = 1;
  assert.equal(node.replication.enoughGoodReplicas, false);
  const replica = new ReplicationNode({ clock, network, port: 2 });
  await replica.start();
  replica.replication.replicaOf('127.0.0.1', 1);
  await clock.until(() => node.replication.enoughGoodReplicas, 5000);
  assert.equal(node.info('min_slaves_good_slaves'), '1');
  network.stalled = true;
  await clock.advance(15_000);
  assert.equal(node.replication.enoughGoodReplicas, false);
});

test('a master that was restarted from its RDB lets its replica continue', async () => {
  const { clock, network, node } = build();
  await node.start();
  const replica = new ReplicationNode({ clock, network, port: 2 });
  await replica.start();
  replica.replication.replicaOf('127.0.0.1', 1);
  await clock.until(() => replica.linkUp);
  node.set('a', '1');
  await clock.advance(100);
  const info = node.replication.rdbInfo();
  assert.ok(info !== null);
  node.stop();
  network.cut(1);
  const reborn = new ReplicationNode({ clock, network, port: 1, seed: 77 });
  reborn.data = new Map(node.data);
  reborn.replication.restore(info, 'master');
  await reborn.start();
  reborn.set('b', '2', 1);
  await clock.until(() => replica.linkUp && replica.data.get('1:b') === '2');
  assert.deepEqual([reborn.replication.counters.syncFull, reborn.replication.counters.syncPartialOk], [0, 1]);
});

test('PSYNC ... FAILOVER makes the replica a master and its old master continue partially', async () => {
  const { clock, network, node } = build();
  await node.start();
  const replica = new ReplicationNode({ clock, network, port: 2 });
  await replica.start();
  replica.replication.replicaOf('127.0.0.1', 1);
  await clock.until(() => replica.linkUp);
  node.set('a', '1');
  await clock.advance(100);
  const { replid } = node.replication.history;
  const text = (answer: unknown): unknown => (answer instanceof ReplyError ? answer.text : answer);
  assert.equal(
    text(node.replication.psync(peerOf(network), replid, '1', true)),
    "ERR PSYNC FAILOVER can't be sent to a master.",
  );
  assert.equal(
    text(replica.replication.psync(peerOf(network), 'f'.repeat(40), '1', true)),
    'ERR PSYNC FAILOVER replid must match my replid.',
  );
  const wire = await client(clock, network, 2);
  wire.send('REPLCONF capa psync2\r\n');
  await clock.advance(10);
  wire.send(`PSYNC ${replid} ${node.offset + 1} FAILOVER\r\n`);
  await clock.advance(50);
  assert.equal(replica.info('role'), 'master');
  assert.equal(wire.text, `+OK\r\n+CONTINUE ${replica.replication.history.replid}\r\n`);
});
