/** CLIENT TRACKING, CACHING, GETREDIR and TRACKINGINFO: what this connection caches on its side, and how it is told of changes. */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import type { Call } from './call.ts';

const twoRedirects = replyError('ERR A client can only redirect to a single other client');
const noRedirect = replyError('ERR The client ID you want redirect to does not exist');
const prefixWithoutBroadcast = replyError('ERR PREFIX option requires BCAST mode to be enabled');
const switchedBroadcast = replyError(
  "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a " +
    'different mode.',
);
const broadcastOptions = replyError('ERR OPTIN and OPTOUT are not compatible with BCAST');
const bothOptions = replyError("ERR You can't specify both OPTIN mode and OPTOUT mode");
const switchedOption = replyError(
  "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a " +
    'different mode.',
);
const onlyOptIn = replyError('ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.');
const onlyOptOut = replyError('ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.');

interface Request {
  redirect: number;
  broadcast: boolean;
  optIn: boolean;
  optOut: boolean;
  noLoop: boolean;
  readonly prefixes: string[];
}

/** CLIENT TRACKING ON | OFF [REDIRECT id] [PREFIX prefix ...] [BCAST] [OPTIN] [OPTOUT] [NOLOOP] */
export function tracking(call: Call): void {
  const request = readRequest(call);
  const { session, services } = call;
  if (call.is(2, 'off')) services.tracking.disable(session);
  else if (call.is(2, 'on')) {
    check(call, request);
    services.tracking.enable(session, request);
  } else throw errors.syntax;
  call.reply.ok();
}

function readRequest(call: Call): Request {
  const request = {
    redirect: 0,
    broadcast: false,
    optIn: false,
    optOut: false,
    noLoop: false,
    prefixes: [] as string[],
  };
  for (let i = 3; i < call.count; i++) {
    const more = i + 1 < call.count;
    if (more && call.is(i, 'redirect')) {
      if (request.redirect !== 0) throw twoRedirects;
      request.redirect = call.integer(++i);
      if (call.services.sessions.find(request.redirect) === undefined) throw noRedirect;
    } else if (more && call.is(i, 'prefix')) request.prefixes.push(call.text(++i));
    else if (call.is(i, 'bcast')) request.broadcast = true;
    else if (call.is(i, 'optin')) request.optIn = true;
    else if (call.is(i, 'optout')) request.optOut = true;
    else if (call.is(i, 'noloop')) request.noLoop = true;
    else throw errors.syntax;
  }
  return request;
}

/** Options must suit each other and the present state. */
function check(call: Call, request: Request): void {
  const { broadcast, optIn, optOut, prefixes } = request;
  const old = call.session.tracking;
  if (!broadcast && prefixes.length > 0) throw prefixWithoutBroadcast;
  if (old !== undefined && old.broadcast !== broadcast) throw switchedBroadcast;
  if (broadcast && (optIn || optOut)) throw broadcastOptions;
  if (optIn && optOut) throw bothOptions;
  if (old !== undefined && ((optIn && old.optOut) || (optOut && old.optIn))) throw switchedOption;
  if (broadcast) checkOverlaps(prefixes, [...(old?.prefixes ?? [])].toSorted());
}

/** No two prefixes of a client may have a key in common. */
function checkOverlaps(prefixes: readonly string[], known: readonly string[]): void {
  const overlapping = overlappingOnes([...prefixes, ...known].toSorted());
  const index = prefixes.findIndex((prefix) => overlapping.has(prefix));
  if (index < 0) return;
  const prefix = prefixes[index]!;
  const other = known.find((one) => overlap(one, prefix));
  if (other !== undefined) throw overlapError(prefix, `an existing prefix '${other}'`);
  const twin = prefixes.slice(index + 1).find((one) => overlap(one, prefix));
  throw overlapError(prefix, `another provided prefix '${twin}'`);
}

/** Those of which another one is the beginning, or that begin another one. A client may give very many: each is looked at once. */
function overlappingOnes(sorted: readonly string[]): Set<string> {
  const found: Set<string> = new Set();
  // Each the beginning of the next.
  const beginnings: string[] = [];
  for (const prefix of sorted) {
    while (beginnings.length > 0 && !prefix.startsWith(beginnings.at(-1)!)) beginnings.pop();
    if (beginnings.length > 0) found.add(prefix).add(beginnings.at(-1)!);
    beginnings.push(prefix);
  }
  return found;
}

/** Some key has both prefixes. */
function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

function overlapError(prefix: string, other: string): ReplyError {
  return replyError(`ERR Prefix '${prefix}' overlaps with ${other}. Prefixes for a single client must not overlap.`);
}

/** CLIENT CACHING YES | NO */
export function caching(call: Call): void {
  const state = call.session.tracking;
  if (state === undefined) throw errors.notTracking;
  if (call.is(2, 'yes')) {
    if (!state.optIn) throw onlyOptIn;
  } else if (call.is(2, 'no')) {
    if (!state.optOut) throw onlyOptOut;
  } else throw errors.syntax;
  state.caching = true;
  call.reply.ok();
}

/** -1 without tracking, 0 without redirection. */
export function getRedirection(call: Call): void {
  call.reply.integer(call.session.tracking?.redirect ?? -1);
}

export function trackingInfo(call: Call): void {
  const { reply } = call;
  const state = call.session.tracking;
  const flags = [state === undefined ? 'off' : 'on'];
  if (state?.broadcast === true) flags.push('bcast');
  if (state?.optIn === true) flags.push('optin', ...(state.caching ? ['caching-yes'] : []));
  if (state?.optOut === true) flags.push('optout', ...(state.caching ? ['caching-no'] : []));
  if (state?.noLoop === true) flags.push('noloop');
  if (state?.brokenRedirect === true) flags.push('broken_redirect');
  reply.map(3);
  reply.bulkText('flags');
  reply.set(flags.length);
  for (const flag of flags) reply.bulkText(flag);
  reply.bulkText('redirect');
  reply.integer(state?.redirect ?? -1);
  reply.bulkText('prefixes');
  const prefixes = [...(state?.prefixes ?? [])].toSorted();
  reply.array(prefixes.length);
  for (const prefix of prefixes) reply.bulkText(prefix);
}
