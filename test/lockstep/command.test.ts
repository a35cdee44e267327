/** COMMAND and its subcommands against the real server: each of our rows says what the real one says. */
import assert from 'node:assert';
import { commandDocs } from '../../src/commands/docs/index.ts';
import { lockstep } from '../support/lockstep.ts';
import { hashExpiryCommands } from '../support/newer-commands.ts';
import type { RawClient } from '../support/raw-client.ts';
import type { Reply } from '../support/resp.ts';

/** Commands and subcommands that redis-server 7.0 does not have. */
const newer: readonly string[] = [
  'client|no-touch',
  'client|setinfo',
  'cluster|myshardid',
  'waitaof',
  ...hashExpiryCommands,
];

/** Rows that differ on purpose, with the reason. */
const different: { readonly [name: string]: string } = {
  zrank: '7.2 has WITHSCORE',
  zrevrank: '7.2 has WITHSCORE',
  hscan: '7.4 has NOVALUES',
};

interface Row {
  readonly name: Reply;
  readonly facts: unknown;
  readonly subcommands: readonly Row[];
}

/** What must be equal, with sets in a fixed order and without subcommands, which are compared by themselves. */
function row(reply: Reply): Row {
  const [name, arity, flags, first, last, step, categories, tips, keys, subcommands] = reply as readonly Reply[];
  return {
    name: name!,
    facts: {
      arity,
      flags: words(flags),
      range: [first, last, step],
      categories: words(categories),
      tips: words(tips),
      keys: [...(keys as Iterable<Reply>)].map((spec) => keySpec(spec)),
    },
    subcommands: [...(subcommands as Iterable<Reply>)].map(row),
  };
}

const words = (reply: Reply | undefined): readonly string[] =>
  [...(reply as Iterable<string>)].toSorted((a, b) => (a < b ? -1 : 1));

function keySpec(reply: Reply): unknown {
  const { flags, begin_search, find_keys } = Object.fromEntries(reply as ReadonlyMap<string, Reply>) as {
    readonly [name: string]: Reply;
  };
  return { flags: words(flags), begin_search, find_keys };
}

/** Every command with its subcommands, by full name. */
async function table(client: RawClient): Promise<Map<string, unknown>> {
  const all = new Map<string, unknown>();
  const add = (one: Row): void => {
    all.set(String(one.name), one.facts);
    for (const sub of one.subcommands) add(sub);
  };
  for (const reply of (await client.ok('COMMAND')) as readonly Reply[]) add(row(reply));
  return all;
}

lockstep('each command has the arity, flags, categories, keys and tips of the real one', { resp: 3 }, async (both) => {
  const [ours, theirs] = await Promise.all([table(both.headwater), table(both.redis)]);
  const problems: string[] = [];
  for (const [name, facts] of ours) {
    if (newer.includes(name) || name in different) continue;
    try {
      assert.deepStrictEqual(facts, theirs.get(name));
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}`);
    }
  }
  assert.deepStrictEqual(problems, []);
  for (const name of [...newer, ...Object.keys(different)])
    assert.ok(ours.has(name), `${name} is listed but not there`);
  for (const name of newer) assert.ok(!theirs.has(name), `${name} is not newer`);
});

lockstep('each command of the real server is there', { resp: 3 }, async (both) => {
  const [ours, theirs] = await Promise.all([table(both.headwater), table(both.redis)]);
  assert.deepStrictEqual(
    [...theirs.keys()].filter((name) => !ours.has(name)),
    [],
  );
  const count = newer.filter((name) => !name.includes('|')).length;
  assert.strictEqual(
    Number(await both.headwater.ok('COMMAND', 'COUNT')) - count,
    await both.redis.ok('COMMAND', 'COUNT'),
  );
});

lockstep(
  'COMMAND DOCS tells group, age, successor and arguments of each command as the real one does',
  { resp: 3 },
  async (both) => {
    const docs = async (client: RawClient): Promise<Map<string, unknown>> => {
      const all = new Map<string, unknown>();
      const add = (replies: ReadonlyMap<string, Reply>): void => {
        for (const [name, doc] of replies) {
          const fields = doc as ReadonlyMap<string, Reply>;
          for (const text of ['summary', 'complexity']) assert.strictEqual(typeof (fields.get(text) ?? ''), 'string');
          all.set(name, {
            group: fields.get('group'),
            since: fields.get('since'),
            deprecated: fields.get('deprecated_since'),
            flags: words(fields.get('doc_flags') ?? []),
            ...(name in different
              ? {}
              : {
                  history: [...((fields.get('history') ?? []) as Iterable<readonly Reply[]>)].map(([since]) => since),
                  arguments: argumentsOf(fields.get('arguments')),
                }),
          });
          const subcommands = fields.get('subcommands');
          if (subcommands !== undefined) add(subcommands as ReadonlyMap<string, Reply>);
        }
      };
      add((await client.ok('COMMAND', 'DOCS')) as ReadonlyMap<string, Reply>);
      return all;
    };
    const [ours, theirs] = await Promise.all([docs(both.headwater), docs(both.redis)]);
    for (const name of newer) ours.delete(name);
    const known = [...ours].map(([name]) => [name, theirs.get(name)]);
    assert.deepStrictEqual(Object.fromEntries(ours), Object.fromEntries(known));
  },
);

/** Arguments as plain data, flags in a fixed order, nested ones included. */
function argumentsOf(reply: Reply | undefined): unknown {
  return ((reply ?? []) as readonly ReadonlyMap<string, Reply>[]).map((argument) => {
    const fields = Object.fromEntries(argument) as { readonly [name: string]: Reply };
    return {
      ...fields,
      ...(fields['flags'] === undefined ? {} : { flags: words(fields['flags']) }),
      arguments: argumentsOf(fields['arguments']),
    };
  });
}

lockstep('the fields of COMMAND DOCS have the order of the real server', { resp: 'both' }, async (both) => {
  for (const name of ['set', 'hmset', 'client|kill', 'georadius', 'config', 'flushall']) {
    const names = async (client: RawClient): Promise<unknown> => {
      const reply = await client.ok('COMMAND', 'DOCS', name);
      const doc = reply instanceof Map ? reply.get(name) : (reply as readonly Reply[])[1];
      return doc instanceof Map ? [...doc.keys()] : (doc as readonly Reply[]).filter((_, i) => i % 2 === 0);
    };
    assert.deepStrictEqual(await names(both.headwater), await names(both.redis), name);
  }
});

lockstep('the shapes of COMMAND INFO and DOCS are those of the real server', { resp: 'both' }, async (both) => {
  for (const name of ['get', 'mset', 'multi', 'zunionstore', 'lmpop', 'ping']) {
    await both.shape('COMMAND', 'INFO', name);
    await both.shape('COMMAND', 'INFO', 'nosuch', name.toUpperCase());
  }
  await both.all([
    ['COMMAND', 'INFO', 'nosuch'],
    ['COMMAND', 'INFO', 'client|nosuch'],
    ['COMMAND', 'INFO', 'client|id|x'],
    ['COMMAND', 'INFO', 'get|x'],
    ['COMMAND', 'INFO', ''],
    ['COMMAND', 'DOCS', 'nosuch'],
    ['COMMAND', 'DOCS', 'nosuch', 'client|nosuch'],
  ]);
});

lockstep('what is documented is there', { resp: 3 }, async (both) => {
  const all = await table(both.headwater);
  assert.deepStrictEqual(
    Object.keys(commandDocs).filter((name) => !all.has(name)),
    [],
  );
});

lockstep('COMMAND COUNT counts what COMMAND lists', async ({ headwater }) => {
  const all = (await headwater.ok('COMMAND')) as readonly Reply[];
  assert.strictEqual(await headwater.ok('COMMAND', 'COUNT'), all.length);
  assert.strictEqual(((await headwater.ok('COMMAND', 'INFO')) as readonly Reply[]).length, all.length);
  assert.strictEqual(((await headwater.ok('COMMAND', 'DOCS')) as readonly Reply[]).length, all.length * 2);
});

lockstep('COMMAND LIST filters', async (both) => {
  const listed = async (client: RawClient, ...args: readonly string[]): Promise<readonly string[]> =>
    (await client.ok('COMMAND', 'LIST', ...args)) as readonly string[];
  const known = new Set(await listed(both.headwater));
  assert.ok(known.has('get') && known.has('client|list') && !known.has('nosuch'));
  for (const filter of [
    ['PATTERN', 'c*'],
    ['PATTERN', '*|*'],
    ['pattern', 'GET'],
    ['PATTERN', ''],
    ['PATTERN', '*'],
    ['ACLCAT', 'write'],
    ['ACLCAT', 'read'],
    ['ACLCAT', 'FAST'],
    ['ACLCAT', 'slow'],
    ['ACLCAT', 'connection'],
    ['aclcat', 'dangerous'],
    ['ACLCAT', 'nosuch'],
    ['MODULE', 'x'],
  ]) {
    const theirs = (await listed(both.redis, 'FILTERBY', ...filter)).filter((name) => known.has(name));
    const ours = (await listed(both.headwater, 'filterby', ...filter)).filter((name) => !newer.includes(name));
    assert.deepStrictEqual(ours.toSorted(), theirs.toSorted(), filter.join(' '));
  }
  await both.all([
    ['COMMAND', 'LIST', 'x'],
    ['COMMAND', 'LIST', 'FILTERBY'],
    ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN'],
    ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', 'a', 'b'],
    ['COMMAND', 'LIST', 'FILTERBY', 'NONSENSE', 'a'],
    ['COMMAND', 'LIST', 'NONSENSE', 'PATTERN', 'a'],
  ]);
});

lockstep('COMMAND GETKEYS and GETKEYSANDFLAGS find the keys', async (both) => {
  for (const command of [
    ['GET', 'k'],
    ['get', ''],
    ['SET', 'k', 'v'],
    ['SET', 'k', 'v', 'GET'],
    ['SET', 'k', 'v', 'EX', '10', 'get'],
    ['MSET', 'a', '1', 'b', '2'],
    ['MSET', 'a', '1', 'b'],
    ['MGET', 'a', 'b', 'c', 'a'],
    ['DEL', 'a', 'b'],
    ['RENAME', 'a', 'b'],
    ['LMOVE', 'a', 'b', 'LEFT', 'RIGHT'],
    ['LMPOP', '2', 'a', 'b', 'LEFT'],
    ['LMPOP', '3', 'a', 'b', 'LEFT'],
    ['LMPOP', '0', 'a', 'LEFT'],
    ['LMPOP', '-1', 'a', 'LEFT'],
    ['LMPOP', 'x', 'a', 'LEFT'],
    ['ZUNIONSTORE', 'd', '2', 'a', 'b'],
    ['ZUNIONSTORE', 'd', '9', 'a', 'b'],
    ['ZUNIONSTORE', 'd', '0', 'a'],
    ['ZUNION', '1', 'a', 'WITHSCORES'],
    ['ZDIFF', '2', 'a', 'b'],
    ['SINTERCARD', '2', 'a', 'b', 'LIMIT', '1'],
    ['SINTERSTORE', 'd', 'a', 'b'],
    ['SMOVE', 'a', 'b', 'm'],
    ['ZRANGESTORE', 'd', 's', '0', '-1'],
    ['COPY', 'a', 'b'],
    ['OBJECT', 'ENCODING', 'k'],
    ['OBJECT', 'NOSUCH', 'k'],
    ['OBJECT', 'HELP'],
    ['WATCH', 'a', 'b'],
    ['EXISTS', 'a', 'b'],
    ['HSET', 'h', 'f', 'v'],
    ['PING', 'x'],
    ['CLIENT', 'ID'],
    ['NOSUCH', 'x'],
    ['GET', 'a', 'b'],
    ['SORT', 'k', 'BY', 'w*', 'GET', 'STORE', 'STORE', 'd'],
    ['SORT', 'k', 'LIMIT', '0', 'STORE', 'STORE', 'd', 'STORE', 'e'],
    ['SORT', 'k'],
    ['SORT_RO', 'k', 'GET', '#'],
    ['MIGRATE', 'h', '1', 'k', '0', '5', 'AUTH', 'KEYS'],
    ['MIGRATE', 'h', '1', 'k', '0', '5', 'KEYS', 'a'],
    ['MIGRATE', 'h', '1', '', '0', '5', 'KEYS'],
    ['MIGRATE', 'h', '1', '', '0', '5', 'AUTH', 'KEYS', 'KEYS', 'a', 'b'],
    ['MIGRATE', 'h', '1', '', '0', '5', 'AUTH2', 'KEYS', 'x', 'REPLACE', 'keys', 'a'],
    ['MIGRATE', 'h', '1', '', '0', '5', 'AUTH2', 'x', 'KEYS', 'keys', 'a'],
    ['MIGRATE', 'h', '1', '', '0', '5', 'AUTH'],
  ]) {
    const [name] = command;
    const there = await both.headwater.ok('COMMAND', 'INFO', name!);
    // A command that is not there yet is compared once it is.
    if ((there as readonly Reply[])[0] === null && name !== 'NOSUCH') continue;
    await both('COMMAND', 'GETKEYS', ...command);
    await sameKeys(both.headwater, both.redis, command);
  }
  await both.all([
    ['COMMAND', 'GETKEYS'],
    ['COMMAND', 'GETKEYS', 'GET'],
    ['COMMAND', 'GETKEYSANDFLAGS', 'GET'],
    ['COMMAND', 'NOSUCH'],
    ['COMMAND', 'NOSUCH', 'x', 'y'],
    ['COMMAND', 'COUNT', 'x'],
    ['COMMAND', 'HELP', 'x'],
  ]);
});

/** Flags stand in no order. */
async function sameKeys(ours: RawClient, theirs: RawClient, command: readonly string[]): Promise<void> {
  const of = async (client: RawClient): Promise<unknown> => {
    const reply = await client.value('COMMAND', 'GETKEYSANDFLAGS', ...command);
    if (!Array.isArray(reply)) return String(reply);
    return (reply as readonly (readonly Reply[])[]).map(([key, flags]) => [key, words(flags)]);
  };
  assert.deepStrictEqual(await of(ours), await of(theirs), command.join(' '));
}

lockstep('HELP lists every subcommand', async ({ headwater }) => {
  const help = (await headwater.ok('COMMAND', 'HELP')) as readonly string[];
  for (const name of ['COUNT', 'DOCS', 'GETKEYS', 'GETKEYSANDFLAGS', 'HELP', 'INFO', 'LIST'])
    assert.ok(help.includes(name));
});
