/**
 * A user: passwords, whether it may log in, and its selectors. Rules are applied to a copy, which replaces the user's
 * content once all of them were right: sessions hold on to the user itself.
 *
 * All texts are byte strings; passwords are kept as SHA-256 in hex.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { SessionUser } from '../../commands/session.ts';
import type { CommandTable } from '../../commands/table.ts';
import { AclError } from './error.ts';
import { Selector } from './selector.ts';

export class User implements SessionUser {
  readonly name: string;
  /** Some selector allows everything: commands are not looked at. */
  unrestricted = false;
  enabled = false;
  /** Any password is right. */
  noPass = false;
  /** The rule that was given last, if one was. */
  sanitize: 'sanitize-payload' | 'skip-sanitize-payload' | undefined;
  passwords: Set<string> = new Set();
  /** The first is the root selector, the only one that rules change once it is there. */
  selectors: [Selector, ...Selector[]];
  /** A selector other than the root allows everything. */
  #unrestrictedBesides = false;
  readonly #table: CommandTable;
  /** acl-pubsub-default says that new selectors allow all channels. */
  readonly #allChannels: () => boolean;

  constructor(name: string, table: CommandTable, allChannels: () => boolean) {
    this.name = name;
    this.#table = table;
    this.#allChannels = allChannels;
    this.selectors = [new Selector(table, allChannels())];
  }

  /** Has all rights and needs no password. */
  static default(table: CommandTable, allChannels: () => boolean): User {
    const user = new User('default', table, allChannels);
    for (const rule of ['+@all', '~*', '&*', 'on', 'nopass']) user.apply(rule);
    return user;
  }

  copy(): User {
    const copy = new User(this.name, this.#table, this.#allChannels);
    const [root, ...more] = this.selectors;
    copy.unrestricted = this.unrestricted;
    copy.enabled = this.enabled;
    copy.noPass = this.noPass;
    copy.sanitize = this.sanitize;
    copy.passwords = new Set(this.passwords);
    copy.selectors = [root.copy(), ...more];
    copy.#unrestrictedBesides = this.#unrestrictedBesides;
    return copy;
  }

  /** Takes over everything of `other` but its name; `other` must not be used any more. */
  become(other: User): void {
    this.unrestricted = other.unrestricted;
    this.enabled = other.enabled;
    this.noPass = other.noPass;
    this.sanitize = other.sanitize;
    this.passwords = other.passwords;
    this.selectors = other.selectors;
    this.#unrestrictedBesides = other.#unrestrictedBesides;
  }

  /** One rule; selectors in one piece. Throws AclError and is then as it was. */
  apply(rule: string): void {
    this.#apply(rule);
    this.unrestricted = this.selectors[0].unrestricted || this.#unrestrictedBesides;
  }

  accepts(password: string): boolean {
    if (!this.enabled) return false;
    if (this.noPass) return true;
    const given = Buffer.from(hashPassword(password));
    let found = false;
    for (const known of this.passwords) if (timingSafeEqual(given, Buffer.from(known))) found = true;
    return found;
  }

  get flags(): readonly string[] {
    const flags = [this.enabled ? 'on' : 'off'];
    if (this.noPass) flags.push('nopass');
    if (this.sanitize !== undefined) flags.push(this.sanitize);
    return flags;
  }

  /** As rules that make it again: the line of ACL LIST and of files, without `user` and the name. */
  describe(): string {
    const words = [...this.flags, ...Array.from(this.passwords, (hash) => `#${hash}`)];
    for (const [index, selector] of this.selectors.entries())
      words.push(index === 0 ? selector.describe() : `(${selector.describe()})`);
    return words.join(' ');
  }

  #apply(rule: string): void {
    if (rule === '') return;
    switch (rule.toLowerCase()) {
      case 'on':
      case 'off':
        this.enabled = rule.toLowerCase() === 'on';
        return;
      case 'sanitize-payload':
        this.sanitize = 'sanitize-payload';
        return;
      case 'skip-sanitize-payload':
        this.sanitize = 'skip-sanitize-payload';
        return;
      case 'nopass':
      case 'resetpass':
        this.noPass = rule.toLowerCase() === 'nopass';
        this.passwords.clear();
        return;
      case 'clearselectors':
        this.selectors = [this.selectors[0]];
        this.#unrestrictedBesides = false;
        return;
      case 'reset':
        this.#reset();
        return;
    }
    if (rule.startsWith('>') || rule.startsWith('#')) {
      const hash = hashOf(rule, '>');
      this.passwords.add(hash);
      this.noPass = false;
    } else if (rule.startsWith('<') || rule.startsWith('!')) {
      const hash = hashOf(rule, '<');
      if (!this.passwords.delete(hash)) throw AclError.noSuchPassword;
    } else if (rule.startsWith('(') && rule.endsWith(')')) {
      const selector = Selector.parse(this.#table, this.#allChannels(), rule);
      this.selectors.push(selector);
      this.#unrestrictedBesides ||= selector.unrestricted;
    } else this.selectors[0].apply(rule);
  }

  #reset(): void {
    this.enabled = this.noPass = false;
    this.sanitize = 'sanitize-payload';
    this.passwords.clear();
    this.selectors = [new Selector(this.#table, this.#allChannels())];
    this.#unrestrictedBesides = false;
  }
}

/** The hash that a rule gives, or that of the password it gives in plain text (marked by `plain`). */
function hashOf(rule: string, plain: string): string {
  const rest = rule.slice(1);
  if (rule.startsWith(plain)) return hashPassword(rest);
  if (!/^[0-9a-f]{64}$/.test(rest)) throw AclError.badHash;
  return rest;
}

function hashPassword(password: string): string {
  return createHash('sha256').update(Buffer.from(password, 'latin1')).digest('hex');
}

/**
 * A selector is one word, but people write it with blanks: joins the words from one that opens a parenthesis to one that
 * closes it. Returns the word that opens one which nobody closes, as `unmatched`.
 */
export function joinSelectors(words: readonly string[]): { readonly rules: string[]; readonly unmatched?: string } {
  const rules: string[] = [];
  let open: string[] | undefined;
  for (const word of words) {
    if (word.startsWith('(') && !word.endsWith(')')) {
      open = [word];
    } else if (open === undefined) rules.push(word);
    else {
      open.push(word);
      if (!word.endsWith(')')) continue;
      rules.push(open.join(' '));
      open = undefined;
    }
  }
  return open === undefined ? { rules } : { rules, unmatched: open[0]! };
}
