/** The commands on hash fields that expire: newer than redis-server 7.0, so tests hold them to what is documented. */
export const hashExpiryCommands: readonly string[] = [
  'hexpire',
  'hpexpire',
  'hexpireat',
  'hpexpireat',
  'httl',
  'hpttl',
  'hexpiretime',
  'hpexpiretime',
  'hpersist',
  'hgetdel',
  'hgetex',
  'hsetex',
];
