/**
 * A row of the directive table, and the functions that make one. Adding a directive is one row in the table of its
 * area (and a field in `Settings` if code reads it).
 */
import type { Settings } from '../../base/settings.ts';
import type { ValueKind } from './kinds.ts';

export interface Directive {
  readonly name: string;
  /** Older names, which CONFIG GET lists too. */
  readonly aliases: readonly string[];
  readonly kind: ValueKind<unknown, unknown>;
  /** The default, as the words of a redis.conf line. */
  readonly initial: readonly string[];
  /** The field of `Settings`; undefined where nothing in the server reads the value. */
  readonly field: keyof Settings | undefined;
  /** What a value other than the default does here: works; is taken and changes nothing; is refused. */
  readonly support: 'full' | 'accepted' | 'refused';
  /** The reason, for support other than full: the error text, and a line of docs/differences.md. */
  readonly note: string;
  /** CONFIG SET refuses it. */
  readonly immutable: boolean;
  /** CONFIG SET needs `enable-protected-configs`. */
  readonly isProtected: boolean;
  /** CONFIG SET refuses it while a dataset is loading. */
  readonly denyLoading: boolean;
  /** Patterns of CONFIG GET do not find it. */
  readonly hidden: boolean;
  /** The value is a secret: never log it. */
  readonly sensitive: boolean;
  /** Not in Redis 7.0: since which version Redis has it; 'headwater' if no Redis has it. */
  readonly since: string | undefined;
}

export type Trait = 'immutable' | 'protected' | 'deny-loading' | 'hidden' | 'sensitive' | '7.2' | 'headwater';

/** A directive that works. */
export function works<K extends keyof Settings, V>(
  name: string,
  field: K,
  kind: ValueKind<V, Settings[K]>,
  initial: string,
  ...rest: readonly Trait[]
): Directive {
  return row(name, field, kind, initial, rest, 'full', '');
}

/** A directive whose value is kept and shown, but changes nothing; `note` says why that does no harm. */
export function accepted<V, S>(
  name: string,
  kind: ValueKind<V, S>,
  initial: string,
  note: string,
  ...rest: readonly Trait[]
): Directive {
  return row(name, undefined, kind, initial, rest, 'accepted', note);
}

/** A directive that must stay at its default, because ignoring it would break a promise. */
export function refused<V, S>(
  name: string,
  kind: ValueKind<V, S>,
  initial: string,
  note: string,
  ...rest: readonly Trait[]
): Directive {
  return row(name, undefined, kind, initial, rest, 'refused', note);
}

/** The row with an older name, and with a field for code that reads the value already. */
export function also(
  directive: Directive,
  extra: { readonly was?: string; readonly field?: keyof Settings },
): Directive {
  return {
    ...directive,
    aliases: extra.was === undefined ? directive.aliases : [extra.was],
    field: extra.field ?? directive.field,
  };
}

function row<V, S>(
  name: string,
  field: keyof Settings | undefined,
  kind: ValueKind<V, S>,
  initial: string,
  traits: readonly Trait[],
  support: Directive['support'],
  note: string,
): Directive {
  return {
    name,
    aliases: [],
    kind,
    initial: kind.several ? initial.split(' ') : [initial],
    field,
    support,
    note,
    immutable: traits.includes('immutable'),
    isProtected: traits.includes('protected'),
    denyLoading: traits.includes('deny-loading'),
    hidden: traits.includes('hidden'),
    sensitive: traits.includes('sensitive'),
    since: traits.find((trait) => trait === '7.2' || trait === 'headwater'),
  };
}
