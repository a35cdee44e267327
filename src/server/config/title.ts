/**
 * `proc-title-template`: text with {variables}; `{{` stands for a brace. What a template says is known once the variables
 * are; that it can be expanded at all is checked before.
 */

export type TitleVariable =
  | 'title'
  | 'listen-addr'
  | 'server-mode'
  | 'port'
  | 'tls-port'
  | 'unixsocket'
  | 'config-file';

/** The variables of a title, and what stands for them where only their presence matters. */
const present: { readonly [name in TitleVariable]: string } = {
  title: '',
  'listen-addr': 'x',
  'server-mode': '',
  port: 'x',
  'tls-port': 'x',
  unixsocket: '',
  'config-file': '',
};

/** The title, without spaces around it; undefined for a variable that there is not, or a brace left open. */
export function expandTitle(
  template: string,
  values: { readonly [name in TitleVariable]: string },
): string | undefined {
  let known = true;
  const shown = template.replaceAll(/\{\{|\{([^}]*)(\}?)/g, (all, name: string | undefined, end: string) => {
    if (all === '{{') return '{';
    const value = Object.hasOwn(values, name!) ? values[name as TitleVariable] : undefined;
    if (value === undefined || end === '') known = false;
    return value ?? '';
  });
  return known ? shown.replace(/^ +| +$/g, '') : undefined;
}

/** A title must have text or a variable that certainly has a value. */
export function checkTitle(template: string): string | undefined {
  const shown = expandTitle(template, present);
  return shown === undefined || shown === '' ? 'template format is invalid or contains unknown variables' : undefined;
}
