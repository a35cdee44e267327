/**
 * Random items of a dict, which knows where its items are by chain only. A dict that is being resized has chains in two tables,
 * which are numbered as one row (Dict.chains, Dict.toChain).
 */
import type { Random } from '../base/ambient.ts';
import { below } from '../base/chance.ts';
import type { Address } from './arena.ts';
import type { Dict } from './dict.ts';

/** Draws before `randomItem` takes the next item that it finds; a table that shrinks when it should gives one in 30 of them. */
const MOST_DRAWS = 256;

/**
 * A random item, or 0 if the dict is empty.
 *
 * A chain is drawn, and a position below a bound that chains hardly ever exceed; where the chain has no such position, both are
 * drawn anew. So a chain with few items makes these no more likely, and each item has the chance 1 / (chains * bound) a draw. The
 * draws that this takes are about the bound by the mean length: four in a full table.
 */
export function randomItem(dict: Dict, header: Address, random: Random): Address {
  const chains = dict.chains(header);
  if (chains === 0) return 0;
  const { tables } = dict;
  const mean = dict.density(header);
  // Of lengths around a mean (Poisson), one in a hundred thousand is longer; the items of such a chain are less likely then.
  const bound = Math.ceil(mean + 4 * Math.sqrt(mean)) + 4;
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    dict.toChain(header, below(random, chains));
    const length = tables.chainLength(dict.chainTable, dict.chainIndex);
    if (length === 0) continue;
    const position = below(random, Math.max(bound, length));
    if (position < length) return tables.chainItem(dict.chainTable, dict.chainIndex, position);
  }
  for (let chain = below(random, chains); ; chain = chain + 1 === chains ? 0 : chain + 1) {
    dict.toChain(header, chain);
    const length = tables.chainLength(dict.chainTable, dict.chainIndex);
    if (length > 0) return tables.chainItem(dict.chainTable, dict.chainIndex, below(random, length));
  }
}

/**
 * Puts the items of random neighbouring chains into `out` until there are at least `wanted`, or `out` is full; returns how many.
 * No item comes twice. Whole chains, so that each item is equally likely to be among them.
 */
export function sampleItems(dict: Dict, header: Address, random: Random, out: Uint32Array, wanted: number): number {
  const chains = dict.chains(header);
  if (chains === 0) return 0;
  let chain = below(random, chains);
  let taken = 0;
  for (let left = chains; left > 0 && taken < wanted; left--) {
    dict.toChain(header, chain);
    taken = dict.tables.collectChain(dict.chainTable, dict.chainIndex, out, taken);
    if (++chain === chains) chain = 0;
  }
  return Math.min(taken, out.length);
}
