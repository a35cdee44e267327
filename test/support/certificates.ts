/** Certificates made for one test run by openssl, so that none in the repository ever expires. */
import { join } from 'node:path';
import { type TempDir, tempDir } from './temp-dir.ts';
import { runTool } from './tools.ts';

export interface Certificate {
  /** Paths of PEM files. */
  readonly cert: string;
  readonly key: string;
}

export class Certificates {
  readonly #dir: TempDir = tempDir();
  readonly authority: Certificate = this.#files('ca');

  /** Makes the authority. Call `remove` at the end. */
  static async create(): Promise<Certificates> {
    const all = new Certificates();
    const { cert, key } = all.authority;
    await openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-days',
      '2',
      '-subj',
      '/CN=test authority',
      '-keyout',
      key,
      '-out',
      cert,
    );
    return all;
  }

  /** A new certificate from the authority. */
  async issue(name: string): Promise<Certificate> {
    const made = this.#files(name);
    const request = join(this.#dir.path, `${name}.csr`);
    const { cert, key } = this.authority;
    await openssl('req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', made.key, '-out', request);
    const signed = ['-CA', cert, '-CAkey', key, '-CAcreateserial', '-days', '2'];
    await openssl('x509', '-req', '-in', request, ...signed, '-out', made.cert);
    return made;
  }

  remove(): void {
    this.#dir.remove();
  }

  #files(name: string): Certificate {
    return { cert: join(this.#dir.path, `${name}.crt`), key: join(this.#dir.path, `${name}.key`) };
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

async function openssl(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runTool('openssl', args);
  if (code !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
}
