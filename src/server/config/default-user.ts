/**
 * The `user` lines of a configuration file. redis-server writes one for the default user on every CONFIG REWRITE, so a
 * file from there must load here; but there are no access control lists yet, and a user who may do less than everything
 * must not silently get everything. So: the default user with all rights, and with no password or with that of
 * `requirepass`, is taken; everything else is refused.
 */
import { createHash } from 'node:crypto';
import { ConfigError } from './error.ts';

/** The line CONFIG REWRITE writes. `requirepass` is a byte string, empty for no password. */
export function defaultUserLine(requirepass: string): string {
  const password = requirepass === '' ? 'nopass' : `#${hashPassword(requirepass)}`;
  return `user default on ${password} ~* &* +@all`;
}

/** Words after `user`. Returns the SHA-256 of the password in hex, or undefined for none. Throws ConfigError. */
export function readUserLine(words: readonly string[]): string | undefined {
  const [name, ...rules] = words;
  if (name !== 'default') throw notYet(`user '${name}'`);
  let password: string | undefined;
  for (const rule of rules) {
    const lower = rule.toLowerCase();
    if (harmless.includes(lower)) continue;
    if (lower === 'nopass') password = undefined;
    else if (/^#[0-9a-f]{64}$/.test(rule)) password = rule.slice(1);
    else if (rule.startsWith('>')) password = hashPassword(rule.slice(1));
    else throw notYet(`rule '${rule}' of user 'default'`);
  }
  return password;
}

/** True when `requirepass` is the password with this hash (undefined: no password). */
export function isPassword(requirepass: string, hash: string | undefined): boolean {
  return requirepass === '' ? hash === undefined : hashPassword(requirepass) === hash;
}

const harmless: readonly string[] = [
  'on',
  'sanitize-payload',
  'skip-sanitize-payload',
  '~*',
  'allkeys',
  '&*',
  'allchannels',
  '+@all',
  'allcommands',
];

function hashPassword(password: string): string {
  return createHash('sha256').update(Buffer.from(password, 'latin1')).digest('hex');
}

function notYet(what: string): ConfigError {
  return new ConfigError(`access control lists are not supported yet: ${what}`);
}
