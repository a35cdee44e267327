/**
 * The vocabulary that the tables of COMMAND DOCS are written in: one function for each type of argument, and one for each
 * thing that may be said of any of them.
 *
 *   optional(after('LIMIT', block('offset_count', integer('offset'), integer('count'))))      [LIMIT offset count]
 *   optional(oneOf('order', word('ASC'), word('DESC')))                                       [ASC | DESC]
 */
import type { Argument, ArgumentType } from './docs.ts';

/** A value; `token` is the word before it, if there is one. */
export function string(name: string, token?: string): Argument {
  return value('string', name, token);
}

export function integer(name: string, token?: string): Argument {
  return value('integer', name, token);
}

export function double(name: string, token?: string): Argument {
  return value('double', name, token);
}

export function pattern(name: string, token?: string): Argument {
  return value('pattern', name, token);
}

export function unixTime(name: string, token?: string): Argument {
  return value('unix-time', name, token);
}

/** A key that the row's key specification of this number finds. */
export function keyAs(name: string, keySpec: number, token?: string): Argument {
  return { ...value('key', name, token), keySpec };
}

/** A word that is all there is to the argument. */
export function word(token: string, name: string = token.toLowerCase()): Argument {
  return value('pure-token', name, token);
}

export function oneOf(name: string, ...alternatives: readonly Argument[]): Argument {
  return { name, type: 'oneof', arguments: alternatives };
}

export function block(name: string, ...parts: readonly Argument[]): Argument {
  return { name, type: 'block', arguments: parts };
}

/** With a word before it. */
export function after(token: string, argument: Argument): Argument {
  return { ...argument, token };
}

export function since(version: string, argument: Argument): Argument {
  return { ...argument, since: version };
}

export function optional(argument: Argument): Argument {
  return { ...argument, flags: ['optional', ...(argument.flags ?? [])] };
}

export function multiple(argument: Argument): Argument {
  return { ...argument, flags: ['multiple', ...(argument.flags ?? [])] };
}

/** Several, each with the token before it. */
export function multipleTokens(argument: Argument): Argument {
  return { ...argument, flags: ['multiple', 'multiple_token', ...(argument.flags ?? [])] };
}

/** What most commands begin with. */
export const key: Argument = keyAs('key', 0);
export const keys: Argument = multiple(key);

/** When a value shall expire, or what `otherwise` says. */
export function expiration(otherwise: Argument): Argument {
  return oneOf(
    'expiration',
    integer('seconds', 'EX'),
    integer('milliseconds', 'PX'),
    unixTime('unix-time-seconds', 'EXAT'),
    unixTime('unix-time-milliseconds', 'PXAT'),
    otherwise,
  );
}

function value(type: ArgumentType, name: string, token: string | undefined): Argument {
  return token === undefined ? { name, type } : { name, type, token };
}
