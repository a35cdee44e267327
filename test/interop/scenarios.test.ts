/**
 * Every mixture of Headwater and redis-server as master, replica and sub-replica, with snapshots sent from memory or from
 * disk, through the same faults: a short cut, a long cut, a stall and a slow link. Each ends on equal data at equal offsets,
 * and on the counters that prove how it got there.
 *
 *   top <--proxy-- middle <--proxy-- leaf
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { dataset, randomWrite, Seeded, sendAll } from '../support/dataset.ts';
import type { FaultProxy } from '../support/fault-proxy.ts';
import { converged, type Kind, type Node, Scenario } from '../support/scenario.ts';

type Kinds = readonly [top: Kind, middle: Kind, leaf: Kind];
type Counts = Awaited<ReturnType<Node['counts']>>;

/** Chains run beside each other: they wait for most of their time. */
const CHAINS_AT_ONCE = 3;
const STALL_TIMEOUT_SECONDS = 3;
const BACKLOG_BYTES = 64 * 1024;

interface Chain {
  readonly top: Node;
  readonly middle: Node;
  readonly leaf: Node;
  /** In front of top, and of middle. */
  readonly upper: FaultProxy;
  readonly lower: FaultProxy;
  /** About 50 bytes of stream each. */
  write(count: number): Promise<void>;
}

interface Fault {
  readonly name: string;
  readonly run: (chain: Chain) => Promise<void>;
  /** What it adds to the counters of top and middle. */
  readonly top: Counts;
  readonly middle: Counts;
  /** Where time-outs are short, a busy machine may cost another link too: it has to be continued. */
  readonly mayContinueMore?: true;
}

const nothing: Counts = { full: 0, partial: 0, refused: 0 };
const continued: Counts = { full: 0, partial: 1, refused: 0 };
const startedAnew: Counts = { full: 1, partial: 0, refused: 1 };

const faults: readonly Fault[] = [
  {
    name: 'a short cut below the master: the middle continues, the leaf notices nothing',
    run: ({ top, upper, write }) => cutWhile(top, upper, () => write(100)),
    top: continued,
    middle: nothing,
  },
  {
    name: 'a short cut below the middle: the leaf continues',
    run: ({ middle, lower, write }) => cutWhile(middle, lower, () => write(100)),
    top: nothing,
    middle: continued,
  },
  {
    name: 'a cut longer than the backlog: everything anew, all the way down',
    run: ({ top, upper }) =>
      cutWhile(top, upper, async () => {
        for (let i = 0; i < 30; i++) await top.ok('SET', `large${i}`, Buffer.alloc(BACKLOG_BYTES / 4, 48 + i));
      }),
    top: startedAnew,
    middle: startedAnew,
  },
  {
    name: 'a stall beyond repl-timeout: both sides give the link up, then it is continued',
    async run({ top, middle, upper, write }) {
      for (const node of [top, middle]) await node.ok('CONFIG', 'SET', 'repl-timeout', STALL_TIMEOUT_SECONDS);
      upper.stall();
      await write(100);
      await middle.becomes('master_link_status', 'down');
      await top.becomes('connected_slaves', '0');
      for (const node of [top, middle]) await node.ok('CONFIG', 'SET', 'repl-timeout', 60);
      upper.resume();
    },
    top: continued,
    middle: nothing,
    mayContinueMore: true,
  },
  {
    name: 'a slow link: everything is late and nothing is lost',
    async run({ upper, lower, write }) {
      upper.setRate(60_000);
      lower.setRate(40_000);
      await write(600);
      upper.setRate(Infinity);
      lower.setRate(Infinity);
    },
    top: nothing,
    middle: nothing,
  },
];

/** Cuts a link, keeps it down until its master knows and `task` is done. */
async function cutWhile(master: Node, link: FaultProxy, task: () => Promise<void>): Promise<void> {
  link.refuse(true);
  link.cut();
  await master.becomes('connected_slaves', '0');
  await task();
  link.refuse(false);
}

async function startChain(t: TestContext, kinds: Kinds, diskless: boolean): Promise<Chain> {
  const scenario = new Scenario(t);
  const args = [
    ...['--repl-backlog-size', String(BACKLOG_BYTES), '--repl-ping-replica-period', '1'],
    ...['--repl-diskless-sync', diskless ? 'yes' : 'no'],
  ];
  const [top, middle, leaf] = (await Promise.all([
    scenario.start(kinds[0], args),
    scenario.start(kinds[1], args),
    scenario.start(kinds[2], args),
  ])) as [Node, Node, Node];
  const [upper, lower] = [await scenario.proxy(top), await scenario.proxy(middle)];
  const random = new Seeded(9);
  const write = async (count: number): Promise<void> => {
    await top.client.pipeline(Array.from({ length: count }, () => randomWrite(random)));
  };
  return { top, middle, leaf, upper, lower, write };
}

const gained = (before: Counts, after: Counts): Counts => ({
  full: after.full - before.full,
  partial: after.partial - before.partial,
  refused: after.refused - before.refused,
});

function check(who: string, counts: Counts, wanted: Counts, mayContinueMore = false): void {
  const partial = mayContinueMore ? Math.max(counts.partial, wanted.partial) : wanted.partial;
  assert.deepEqual(counts, { ...wanted, partial }, who);
}

async function runChain(t: TestContext, kinds: Kinds, diskless: boolean): Promise<void> {
  const chain = await startChain(t, kinds, diskless);
  const { top, middle, leaf, upper, lower, write } = chain;
  await t.test('a full sync over a slow link, with writes meanwhile', async () => {
    await sendAll(top.client, dataset(7, 300, 20_000));
    upper.setRate(400_000);
    await middle.follow(upper);
    await leaf.follow(lower);
    await write(200);
    upper.setRate(Infinity);
    await converged(top, middle, leaf);
    // It asks with its own history first, as Redis does.
    check('the master', await top.counts(), startedAnew);
    assert.equal((await middle.counts()).full, 1);
  });
  for (const fault of faults) {
    await t.test(fault.name, async () => {
      const before = [await top.counts(), await middle.counts()] as const;
      await fault.run(chain);
      await write(20);
      await converged(top, middle, leaf);
      check('the master', gained(before[0], await top.counts()), fault.top, fault.mayContinueMore);
      check('the middle', gained(before[1], await middle.counts()), fault.middle, fault.mayContinueMore);
    });
  }
}

const kinds = ['headwater', 'redis'] as const;
const chains: { readonly kinds: Kinds; readonly diskless: boolean }[] = kinds
  .flatMap((top) => kinds.flatMap((middle) => kinds.map((leaf): Kinds => [top, middle, leaf])))
  .filter((chain) => chain.includes('headwater'))
  .flatMap((chain) => [true, false].map((diskless) => ({ kinds: chain, diskless })));

void test('chains of both kinds under faults', { concurrency: CHAINS_AT_ONCE, timeout: 600_000 }, async (t) => {
  await Promise.all(
    chains.map((chain) =>
      t.test(`${chain.kinds.join(' -> ')}, ${chain.diskless ? 'diskless' : 'disk'}`, { timeout: 300_000 }, (one) =>
        runChain(one, chain.kinds, chain.diskless),
      ),
    ),
  );
});
