/** The words of a failed system call as C programs print them: "No such file or directory". */
import { getSystemErrorMap } from 'node:util';

export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === 'EISDIR') return 'Is a directory';
  if (code === 'EADDRNOTAVAIL') return 'Cannot assign requested address';
  const words = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  if (words === undefined) return error.message;
  return words[0]!.toUpperCase() + words.slice(1);
}
