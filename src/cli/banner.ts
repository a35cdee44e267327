/** What a terminal shows at start, where redis-server shows its logo: a stream that divides, and what runs where. */
export function banner(facts: {
  readonly version: string;
  readonly redisVersion: string;
  readonly port: number;
  readonly pid: number;
}): string {
  const text = [
    `Headwater ${facts.version} (64 bit), compatible with Redis ${facts.redisVersion}`,
    'Running in standalone mode',
    `Port: ${facts.port}`,
    `PID: ${facts.pid}`,
  ];
  const art = [
    '       .~~~.',
    '   .~~~     ~~~.        ',
    ' ~~     ___     ~~      ',
    '       /   \\            ',
    '    __/     \\__         ',
    '   /           \\        ',
    '  o      o      o       ',
  ];
  const lines = art.map((line, i) => `${line.padEnd(26)}${text[i - 1] ?? ''}`.trimEnd());
  return `\n${lines.join('\n')}\n\n`;
}
