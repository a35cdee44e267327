/**
 * The commands that a selector allows: a bit for each command and subcommand of the table, by its id, and for a few
 * commands the first arguments with which alone they are allowed (`+select|0`).
 *
 * Beside the bits stand the rules that made them, as Redis 7.2 keeps them: ACL LIST and files show what an operator wrote.
 * A rule that a later one of the same target replaces is dropped, and so is one that changes nothing. Replaying the
 * rules gives the same bits.
 */
import { latin1, type Args } from '../../resp/args.ts';
import type { Command, CommandTable } from '../../commands/table.ts';
import { categories } from '../../commands/command-facts.ts';
import { AclError } from './error.ts';

export class CommandsAllowed {
  /** Every command, whatever the bits say. */
  all = false;
  /** `+@all` was given and not taken back since: what is not known yet is allowed too. */
  #future = false;
  readonly #table: CommandTable;
  readonly #bits: Uint32Array;
  /** By command id; in lower case, as their case does not matter. */
  readonly #firstArguments: Map<number, Set<string>> = new Map();
  #rules: string[] = [];

  constructor(table: CommandTable) {
    this.#table = table;
    this.#bits = new Uint32Array((table.idCount + 31) >> 5);
  }

  copy(): CommandsAllowed {
    const copy = new CommandsAllowed(this.#table);
    copy.all = this.all;
    copy.#future = this.#future;
    copy.#bits.set(this.#bits);
    for (const [id, words] of this.#firstArguments) copy.#firstArguments.set(id, new Set(words));
    copy.#rules = [...this.#rules];
    return copy;
  }

  /** Whether the command may run, were there no keys and channels. */
  allows(command: Command, args: Args): boolean {
    if (this.all || command.noAuth || this.#has(command.id)) return true;
    const words = this.#firstArguments.get(command.id);
    if (words === undefined || args.count < 2) return false;
    const given = latin1(args.bytes, args.at[1]!, args.length[1]!).toLowerCase();
    return words.has(given);
  }

  /** `+@all` and the like, `+get`, `-config|set`, `+@read`, `+select|0`. Throws AclError. */
  apply(rule: string): void {
    const lower = rule.toLowerCase();
    const allow = rule.startsWith('+');
    if (lower === 'allcommands' || lower === '+@all') this.#setAll(true);
    else if (lower === 'nocommands' || lower === '-@all') this.#setAll(false);
    else if (rule[1] === '@') this.#applyCategory(lower.slice(2), allow);
    else if (allow && rule.includes('|')) this.#allowPart(rule.slice(1));
    else this.#applyCommand(this.#find(lower.slice(1)), allow);
  }

  /** As ACL GETUSER shows it. */
  describe(): string {
    return [this.#future ? '+@all' : '-@all', ...this.#rules].join(' ');
  }

  #setAll(allow: boolean): void {
    this.all = this.#future = allow;
    this.#bits.fill(allow ? 0xffffffff : 0);
    this.#firstArguments.clear();
    this.#rules = [];
  }

  #applyCategory(name: string, allow: boolean): void {
    if (!categories.includes(name)) throw AclError.unknownCommand;
    let changed = false;
    for (const command of this.#table.originals.values())
      if (command.categories.has(name) && this.#set(command, allow)) changed = true;
    if (changed) this.#note(`@${name}`, allow);
  }

  #applyCommand(command: Command, allow: boolean): void {
    if (this.#set(command, allow)) this.#note(command.name, allow);
  }

  /** `container|subcommand`, or `command|first-argument`. */
  #allowPart(name: string): void {
    const split = name.lastIndexOf('|');
    const command = this.#find(name.slice(0, split).toLowerCase());
    if (command.name.includes('|')) throw AclError.partOfSubcommand;
    const word = name.slice(split + 1);
    if (word === '') throw AclError.syntax;
    if (command.subcommands !== undefined) {
      this.#applyCommand(this.#find(name.toLowerCase()), true);
      return;
    }
    const words = this.#firstArguments.get(command.id);
    const lower = word.toLowerCase();
    if (words?.has(lower) === true) return;
    if (words === undefined) this.#firstArguments.set(command.id, new Set([lower]));
    else words.add(lower);
    this.#rules.push(`+${command.name}|${word}`);
  }

  #find(name: string): Command {
    const command = this.#table.originals.get(name);
    if (command === undefined) throw AclError.unknownCommand;
    return command;
  }

  /** A container stands for its subcommands too. Returns whether anything is different now. */
  #set(command: Command, allow: boolean): boolean {
    let changed = this.#firstArguments.delete(command.id);
    if (this.#has(command.id) !== allow) changed = true;
    this.#setBit(command.id, allow);
    for (const sub of command.subcommands?.values() ?? []) {
      if (this.#has(sub.id) !== allow) changed = true;
      this.#setBit(sub.id, allow);
    }
    return changed;
  }

  #has(id: number): boolean {
    return (this.#bits[id >> 5]! & (1 << (id & 31))) !== 0;
  }

  #setBit(id: number, allow: boolean): void {
    if (allow) this.#bits[id >> 5]! |= 1 << (id & 31);
    else {
      this.#bits[id >> 5]! &= ~(1 << (id & 31));
      this.all = false;
    }
  }

  /** Keeps the rule, and drops those that it replaces. */
  #note(target: string, allow: boolean): void {
    this.#rules = this.#rules.filter((rule) => rule.slice(1) !== target && !rule.startsWith(`${target}|`, 1));
    this.#rules.push(`${allow ? '+' : '-'}${target}`);
  }
}
