/** Bytes a key: growth of resident memory from filling a server with keys of 64-byte values, divided by their number. */
import { kinds, printTable, withBoth } from './support.ts';

export async function memory(keys: number): Promise<void> {
  const rows: string[][] = [];
  await withBoth([], async (servers) => {
    for (const kind of kinds) {
      const server = servers[kind];
      const before = server.residentBytes();
      // 14-byte keys ("key:" and ten digits would be 14; POPULATE writes "<prefix>:<n>") with 64-byte values.
      await server.cli('DEBUG', 'POPULATE', String(keys), 'keyprefix', '64');
      const used = Number(/used_memory:(\d+)/.exec(await server.cli('INFO', 'memory'))?.[1] ?? Number.NaN);
      rows.push([kind, ((server.residentBytes() - before) / keys).toFixed(1), (used / keys).toFixed(1)]);
    }
  });
  console.log(`### Memory: ${keys.toLocaleString('en')} keys of 64 bytes (DEBUG POPULATE)\n`);
  printTable(['server', 'resident bytes a key', 'used_memory a key'], rows);
}
