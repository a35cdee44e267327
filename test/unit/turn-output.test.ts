/** The order of replies and messages in one turn, and the writer's positions while a command runs. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ReplyWriter } from '../../src/resp/reply-writer.ts';
import { TurnOutput, type OutputOwner } from '../../src/server/turn-output.ts';

class Owner implements OutputOwner {
  readonly sent: string[] = [];
  messages: Uint8Array[] | undefined = undefined;

  send(bytes: Uint8Array): boolean {
    this.sent.push(Buffer.from(bytes).toString());
    return true;
  }

  drop(): void {
    this.sent.push('dropped');
  }
}

function batch(output: TurnOutput, owner: Owner, run: () => void): void {
  output.begin();
  run();
  output.commit(owner);
}

test('messages leave between the replies before them and the replies after them, in one write', () => {
  const output = new TurnOutput(new ReplyWriter());
  const [publisher, listener] = [new Owner(), new Owner()];
  const message = Buffer.from('m');
  batch(output, listener, () => output.writer.integer(1));
  batch(output, publisher, () => {
    output.writer.integer(2);
    output.append(listener, message);
    output.writer.integer(3);
    output.append(listener, message);
  });
  batch(output, listener, () => output.writer.integer(4));
  batch(output, publisher, () => output.append(listener, message));
  assert.deepEqual([listener.sent, publisher.sent], [[], []]);
  output.flush();
  assert.deepEqual(listener.sent, [':1\r\n', 'mm', ':4\r\n', 'm']);
  assert.deepEqual(publisher.sent, [':2\r\n:3\r\n']);
  output.flush();
  assert.equal(listener.sent.length, 4);
});

test('many bytes of messages leave before the turn ends, and the running command keeps its place', () => {
  const output = new TurnOutput(new ReplyWriter());
  const { writer } = output;
  const [client, listener] = [new Owner(), new Owner()];
  batch(output, client, () => writer.integer(1));
  // As while our master's stream is applied: a command runs, but no batch of a client.
  const start = writer.at;
  const message = Buffer.alloc(300 * 1024, 'm');
  for (let i = 0; i < 8; i++) output.append(listener, message);
  assert.equal(listener.sent.length, 2);
  assert.equal(writer.at, start);
  batch(output, client, () => writer.integer(2));
  output.flush();
  assert.deepEqual(client.sent, [':1\r\n', ':2\r\n']);
  assert.equal(listener.sent.join('').length, 8 * message.length);
});

test('replies that are not safe end the connections that wait for them, the running batch included', () => {
  const output = new TurnOutput(new ReplyWriter());
  const [first, second, third] = [new Owner(), new Owner(), new Owner()];
  let safe = false;
  output.beforeFlush = () => safe;
  batch(output, first, () => output.writer.integer(1));
  batch(output, second, () => {
    output.writer.integer(2);
    assert.equal(output.flush(), false);
    output.writer.integer(3);
  });
  assert.deepEqual([first.sent, second.sent], [['dropped'], ['dropped']]);
  safe = true;
  batch(output, third, () => output.writer.integer(4));
  assert.equal(output.flush(), true);
  assert.deepEqual([first.sent, second.sent, third.sent], [['dropped'], ['dropped'], [':4\r\n']]);
});
