/** The words of a failed system call as C programs print them: "No such file or directory". */
import { getSystemErrorMap } from 'node:util';

export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno } = error as NodeJS.ErrnoException;
  const words = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  if (words === undefined) return error.message;
  return words[0]!.toUpperCase() + words.slice(1);
}
