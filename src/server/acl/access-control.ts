/**
 * Access control: the users, who of them a client is, and what each may do.
 *
 * A session holds its user itself, so a changed rule counts from the next command on. Users with full access are known by
 * one flag (`unrestricted`), which the main path tests; everything here runs only for the others.
 */
import type { Clock, Log } from '../../base/ambient.ts';
import type { Settings } from '../../base/settings.ts';
import type { AclLogEntry, AclService, UserDescription } from '../../commands/services.ts';
import type { Session, SessionUser } from '../../commands/session.ts';
import { describeSession } from '../../commands/client-list.ts';
import { categories } from '../../commands/command-facts.ts';
import type { Command, CommandTable } from '../../commands/table.ts';
import type { Args } from '../../resp/args.ts';
import { systemReason } from '../config/system-reason.ts';
import { readAclFile, refusal } from './file.ts';
import { AclLog, type LogReason } from './log.ts';
import { allowsChannel, type Denial, denials, hasSpaces } from './selector.ts';
import type { Pattern } from './pattern-list.ts';
import { TouchedBy } from './touched.ts';
import { joinSelectors, User } from './user.ts';

export interface AccessControlParts {
  readonly table: CommandTable;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  /** All open sessions. */
  sessions(): Iterable<Session>;
  /** The session whose command is running: it still gets its reply when its user is deleted. */
  current(): Session | undefined;
  /** The ACL file, whose path is `settings.aclfile`. Throw the system's errors. */
  readFile(path: string): Uint8Array;
  /** As a whole or not at all. */
  replaceFile(path: string, bytes: Uint8Array): void;
}

const DEFAULT_USER = 'default';
/** Of a key, channel or name in the log: bytes that are kept. */
const LOGGED_BYTES = 4096;
const noFile =
  'This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and ' +
  'then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis ' +
  'configuration.';

/** The users that the configuration names cannot be set up: the server cannot start. */
export class AclStartError extends Error {
  override name = 'AclStartError';
}

export class AccessControl implements AclService {
  readonly log: AclLog = new AclLog();
  readonly #parts: AccessControlParts;
  readonly #touched: TouchedBy;
  /** Never replaced: every new session begins with it. */
  readonly #default: User;
  readonly #users: Map<string, User> = new Map();

  constructor(parts: AccessControlParts) {
    this.#parts = parts;
    this.#touched = new TouchedBy(parts.table);
    this.#default = User.default(parts.table, this.#allChannels);
    this.#users.set(DEFAULT_USER, this.#default);
    this.setDefaultPassword(parts.settings.requirepass);
  }

  /** At start: the users of the configuration, then those of the ACL file. Throws AclStartError. */
  start(configured: readonly (readonly [name: string, ...rules: string[]])[]): void {
    const { settings, log } = this.#parts;
    if (settings.aclfile !== '' && configured.length > 0)
      throw new AclStartError(
        'Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is invalid. This ' +
          'setup is very likely to lead to configuration errors and security holes, please define either an ACL file or ' +
          'declare users directly in your redis.conf, but not both.',
      );
    for (const [name, ...rules] of configured) {
      if (hasSpaces(name)) this.#cannotStart('Spaces not allowed in ACL usernames');
      const user = this.#users.get(name) ?? this.#newUser(name);
      if (user === this.#default) user.apply('reset');
      for (const rule of rules) {
        const problem = refusal(user, rule);
        if (problem !== undefined)
          this.#cannotStart(`Error loading ACL rule '${rule}' for the user named '${name}': ${problem.message}`);
      }
      this.#users.set(name, user);
      if (!user.enabled)
        log.notice(
          `The user '${name}' is disabled (there is no 'on' modifier in the user description). Make sure this is not a ` +
            'configuration error.',
        );
    }
    if (settings.aclfile === '') return;
    const problem = this.#loadFile();
    if (problem !== undefined) throw new AclStartError(`Aborting Redis startup because of ACL errors: ${problem}`);
  }

  // -- who a client is --------------------------------------------------------------------------------------------

  /** A session that did not authenticate may do nothing. */
  get authenticationRequired(): boolean {
    return !this.#default.noPass || !this.#default.enabled;
  }

  get defaultNeedsNoPassword(): boolean {
    return this.#default.noPass;
  }

  welcome(session: Session): void {
    session.user = this.#default;
    session.authenticated = !this.authenticationRequired;
  }

  authenticate(session: Session, name: string, password: string, object: string): boolean {
    const user = this.#users.get(name);
    if (user === undefined || !user.accepts(password)) {
      this.#note('auth', object, session, name);
      return false;
    }
    session.user = user;
    session.authenticated = true;
    return true;
  }

  /** `requirepass`: empty for none. */
  setDefaultPassword(password: string): void {
    this.#default.apply('resetpass');
    this.#default.apply(password === '' ? 'nopass' : `>${password}`);
  }

  // -- what it may do ---------------------------------------------------------------------------------------------

  /** Why the session's user may not run the command, or undefined. A refusal is logged. */
  refusal(session: Session, command: Command, args: Args): Denial | undefined {
    const denial = this.#check(session.user, command, args);
    if (denial !== undefined) {
      const object = denial.reason === 'command' ? command.name : args.text(denial.index);
      this.#note(denial.reason, object, session, session.user.name);
    }
    return denial;
  }

  dryRun(name: string, command: Command, args: Args): string | undefined {
    const denial = this.#check(this.#users.get(name)!, command, args);
    if (denial === undefined) return undefined;
    if (denial.reason === 'command') return `This user has no permissions to run the '${command.name}' command`;
    return `This user has no permissions to access the '${args.text(denial.index)}' ${denial.reason}`;
  }

  mayReadAllKeys(user: SessionUser, command: Command, args: Args): boolean {
    if (!(user instanceof User)) return true;
    const touched = this.#touched.of(command, args);
    return user.selectors.some(
      (selector) => selector.readsAllKeys && selector.check(command, args, touched) === undefined,
    );
  }

  // -- users --------------------------------------------------------------------------------------------------------

  has(name: string): boolean {
    return this.#users.has(name);
  }

  setUser(name: string, words: readonly string[]): string | undefined {
    if (hasSpaces(name)) return "Usernames can't contain spaces or null characters";
    const known = this.#users.get(name);
    const { rules, unmatched } = joinSelectors(words);
    if (unmatched !== undefined) return `Unmatched parenthesis in acl selector starting at '${unmatched}'.`;
    const changed = known?.copy() ?? this.#newUser(name);
    for (const rule of rules) {
      const problem = refusal(changed, rule);
      if (problem !== undefined) return `Error in ACL SETUSER modifier '${rule}': ${problem.message}`;
    }
    if (known === undefined) {
      this.#users.set(name, changed);
      return undefined;
    }
    this.#endForbiddenSubscriptions(known, changed);
    known.become(changed);
    return undefined;
  }

  deleteUser(name: string): boolean {
    const user = this.#users.get(name);
    if (user === undefined) return false;
    this.#users.delete(name);
    this.#closeSessionsOf(new Set([user]));
    return true;
  }

  describe(name: string): UserDescription | undefined {
    const user = this.#users.get(name);
    if (user === undefined) return undefined;
    return {
      flags: user.flags,
      passwords: [...user.passwords],
      selectors: user.selectors.map((selector) => ({
        commands: selector.commands.describe(),
        keys: selector.describeKeys(),
        channels: selector.describeChannels(),
      })),
    };
  }

  get names(): readonly string[] {
    return [...this.#users.keys()].toSorted((a, b) => (a < b ? -1 : 1));
  }

  get lines(): readonly string[] {
    return this.names.map((name) => `user ${name} ${this.#users.get(name)!.describe()}`);
  }

  commandsOf(category: string): readonly string[] | undefined {
    const name = category.toLowerCase();
    if (!categories.includes(name)) return undefined;
    return [...this.#parts.table.originals.values()]
      .filter((command) => command.categories.has(name))
      .map((command) => command.name);
  }

  // -- log and file -------------------------------------------------------------------------------------------------

  get logEntries(): readonly AclLogEntry[] {
    return this.log.entries;
  }

  clearLog(): void {
    this.log.clear();
  }

  load(): string | undefined {
    return this.#parts.settings.aclfile === '' ? noFile : this.#loadFile();
  }

  save(): string | undefined {
    const { settings, log, replaceFile } = this.#parts;
    if (settings.aclfile === '') return noFile;
    try {
      replaceFile(settings.aclfile, Buffer.from(this.lines.map((line) => `${line}\n`).join(''), 'latin1'));
      return undefined;
    } catch (error) {
      log.warning(`Writing ACL file for ACL SAVE: ${systemReason(error)}`);
      return 'There was an error trying to save the ACLs. Please check the server logs for more information';
    }
  }

  /** All users are replaced; whoever is not the default user has to log in again. */
  #loadFile(): string | undefined {
    const { settings, readFile } = this.#parts;
    let text: string;
    try {
      text = Buffer.from(readFile(settings.aclfile)).toString('latin1');
    } catch (error) {
      return `Error loading ACLs, opening file '${settings.aclfile}': ${systemReason(error)}`;
    }
    const read = readAclFile(settings.aclfile, text, (name) => this.#newUser(name));
    if (typeof read === 'string') return read;
    this.#default.become(read.get(DEFAULT_USER) ?? User.default(this.#parts.table, this.#allChannels));
    read.delete(DEFAULT_USER);
    const gone = new Set(this.#users.values());
    gone.delete(this.#default);
    this.#users.clear();
    this.#users.set(DEFAULT_USER, this.#default);
    for (const [name, user] of read) this.#users.set(name, user);
    this.#closeSessionsOf(gone);
    return undefined;
  }

  // -- inside -------------------------------------------------------------------------------------------------------

  readonly #allChannels = (): boolean => this.#parts.settings.aclPubsubDefault === 'allchannels';

  #newUser(name: string): User {
    return new User(name, this.#parts.table, this.#allChannels);
  }

  #cannotStart(reason: string): never {
    this.#parts.log.warning(reason);
    throw new AclStartError('Critical error while loading ACLs. Exiting.');
  }

  /** One selector that allows is enough; otherwise the gravest of their reasons, the later argument if equal. */
  #check(user: SessionUser, command: Command, args: Args): Denial | undefined {
    if (user.unrestricted || !(user instanceof User)) return undefined;
    const touched = this.#touched.of(command, args);
    let worst: Denial | undefined;
    for (const selector of user.selectors) {
      const denial = selector.check(command, args, touched);
      if (denial === undefined) return undefined;
      const graver = worst === undefined ? 1 : denials[denial.reason] - denials[worst.reason];
      if (graver > 0 || (graver === 0 && denial.index > worst!.index)) worst = denial;
    }
    return worst;
  }

  #note(reason: LogReason, object: string, session: Session, user: string): void {
    const { clock, settings } = this.#parts;
    const now = clock.now();
    const context = session.transaction === undefined ? 'toplevel' : 'multi';
    const client = describeSession(session, now);
    const entry = { reason, context, object: kept(object), user: kept(user), updatedAt: now, client };
    this.log.add(entry, settings.acllogMaxLen);
  }

  #closeSessionsOf(users: ReadonlySet<SessionUser>): void {
    for (const session of [...this.#parts.sessions()]) {
      if (!users.has(session.user)) continue;
      // It is closing; should anything of it still run, then without rights.
      session.user = this.#default;
      session.authenticated = false;
      if (session === this.#parts.current()) session.closeAfterReply = true;
      else session.close(false);
    }
  }

  /** Clients that listen to what their user will not be allowed any more are closed. */
  #endForbiddenSubscriptions(user: User, changed: User): void {
    if (changed.selectors.some((selector) => selector.allChannels)) return;
    const allowed = changed.selectors.flatMap((selector) => selector.channels.all);
    const before = user.selectors.flatMap((selector) => selector.channels.all);
    const texts = new Set(allowed.map(({ text }) => text));
    if (!user.selectors.some((selector) => selector.allChannels) && before.every(({ text }) => texts.has(text))) return;
    for (const session of [...this.#parts.sessions()]) {
      if (session.user !== user || !listensToForbidden(session, allowed)) continue;
      if (session === this.#parts.current()) session.closeAfterReply = true;
      else session.close(false);
    }
  }
}

/** The beginning of a text, without holding on to the rest. */
function kept(text: string): string {
  if (text.length <= LOGGED_BYTES) return text;
  return Buffer.from(text.slice(0, LOGGED_BYTES), 'latin1').toString('latin1');
}

function listensToForbidden(session: Session, allowed: readonly Pattern[]): boolean {
  const own = session.subscriptions;
  if (own === undefined) return false;
  const forbidden = (name: string, isPattern: boolean): boolean =>
    !allowsChannel(allowed, Buffer.from(name, 'latin1'), 0, name.length, isPattern);
  return (
    [...own.patterns].some((name) => forbidden(name, true)) ||
    [...own.channels, ...own.shardChannels].some((name) => forbidden(name, false))
  );
}
