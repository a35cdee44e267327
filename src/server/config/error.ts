/**
 * The two ways a configuration can be wrong. A `ConfigError` is the reason alone, in Redis's words; whoever knows
 * where the value came from adds that: CONFIG SET the name of the argument, the loader the file and the line.
 */

/** A value or directive that is refused. The message is the reason, without a prefix. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Where a line of configuration came from. `file` is absent for the command line and the API. */
export interface ConfigPlace {
  readonly source: 'file' | 'stdin' | 'command line';
  readonly file?: string;
  /** From 1. */
  readonly line: number;
  /** The line without surrounding blanks. */
  readonly text: string;
}

/** A configuration the server cannot start with. */
export class ConfigFileError extends Error {
  override name = 'ConfigFileError';
  readonly place: ConfigPlace;
  readonly reason: string;

  constructor(place: ConfigPlace, reason: string) {
    super(`${describePlace(place)}: ${reason}`);
    this.place = place;
    this.reason = reason;
  }

  /** The text for stderr: redis-server's four lines, with the file named. `product` is for example "Headwater 0.1.0". */
  report(product: string): string {
    const { place } = this;
    return (
      `\n*** FATAL CONFIG FILE ERROR (${product}) ***\n` +
      `${describePlace(place)}\n` +
      `>>> '${place.text}'\n` +
      `${this.reason}\n`
    );
  }
}

/** A configuration file that cannot be opened: redis-server logs this one line and exits. */
export class ConfigOpenError extends Error {
  override name = 'ConfigOpenError';

  constructor(path: string, reason: string) {
    super(`Fatal error, can't open config file '${path}': ${reason}`);
  }
}

function describePlace(place: ConfigPlace): string {
  if (place.source === 'command line') return 'Reading the command line';
  const where = place.source === 'stdin' ? 'standard input' : place.file;
  return `Reading the configuration file, at line ${place.line} (${where})`;
}
