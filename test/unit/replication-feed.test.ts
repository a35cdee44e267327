/** The feed: which database the stream has selected. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DroppedBuffers } from '../../src/memory/dropped-buffers.ts';
import { Backlog } from '../../src/replication/backlog.ts';
import { History } from '../../src/replication/history.ts';
import { Feed } from '../../src/replication/master/feed.ts';
import { command } from '../../src/replication/wire.ts';
import { SeededRandom } from './support/sim-network.ts';

test('SELECT goes before a command only where the database changes; a command without one leaves it', () => {
  const backlog = new Backlog(() => 1 << 20, new DroppedBuffers());
  const history = new History(new SeededRandom(1));
  backlog.create(0);
  const cursor = backlog.cursorAt(1);
  const feed = new Feed(backlog, history);
  for (const [db, word] of [
    [-1, 'A'],
    [3, 'B'],
    [-1, 'C'],
    [3, 'D'],
    [0, 'E'],
  ] as const) {
    const bytes = command(word);
    feed.feed(db, bytes, 0, bytes.length);
  }
  const words = Buffer.from(cursor.peek())
    .toString()
    .match(/(?<=\r\n)\w+(?=\r\n)/g);
  assert.deepEqual(words, ['A', 'SELECT', '3', 'B', 'C', 'D', 'SELECT', '0', 'E']);
  feed.verify();
});
