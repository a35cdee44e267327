/**
 * System errors in the words of strerror(3), as they stand in Redis's log lines.
 */
const texts: { readonly [code: string]: string } = {
  EACCES: 'Permission denied',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAI_AGAIN: 'Temporary failure in name resolution',
  ECONNABORTED: 'Software caused connection abort',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ENOTFOUND: 'Name or service not known',
  EPIPE: 'Broken pipe',
  ETIMEDOUT: 'Connection timed out',
};

/** Known before anything was sent to the other side. */
const atOnce: readonly string[] = ['EACCES', 'EADDRNOTAVAIL', 'EAI_AGAIN', 'ENETUNREACH', 'ENOTFOUND'];

/** The attempt to connect did not even begin: Redis has another line for that than for one that fails. */
export function isUnreachable(error: NodeJS.ErrnoException | undefined): boolean {
  return atOnce.includes(error?.code ?? '');
}

/** No error means that the peer closed in good order. */
export function systemErrorText(error: NodeJS.ErrnoException | undefined): string {
  if (error === undefined) return 'connection lost';
  return texts[error.code ?? ''] ?? error.message;
}
