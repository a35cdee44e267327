/**
 * XADD and XTRIM. Replicas get what really happened: the id that was given out, and for an approximate trim the exact one
 * that leaves the same entries.
 */
import { errors, replyError, wrongArity } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import type { Address } from '../memory/arena.ts';
import { ENC_STREAM, TYPE_STREAM } from '../store/entry.ts';
import { compareIds, copyId, incrementId, isLastId, isZeroId, nextId, writeId } from '../store/stream-id.ts';
import { LAST_ID } from '../store/stream-parts.ts';
import type { AddRequest } from '../store/streams.ts';
import type { Call } from './call.ts';
import { idArgument, invalidId, parseArgument, writeStream } from './streams-args.ts';

const twoStrategies = replyError('ERR syntax error, MAXLEN and MINID options at the same time are not compatible');
const maxLengthNegative = replyError('ERR The MAXLEN argument must be >= 0.');
const limitNegative = replyError('ERR The LIMIT argument must be >= 0.');
const limitAlone = replyError('ERR syntax error, LIMIT cannot be used without specifying a trimming strategy');
const limitExact = replyError('ERR syntax error, LIMIT cannot be used without the special ~ option');
const noStrategy = replyError('ERR syntax error, XTRIM must be called with a trimming strategy');
const zeroId = replyError('ERR The ID specified in XADD must be greater than 0-0');
const noMoreIds = replyError('ERR The stream has exhausted the last possible ID, unable to add more items');
const idTooSmall = replyError('ERR The ID specified in XADD is equal or smaller than the target stream top item');
const tooLarge = replyError('ERR Elements are too large to be stored');

/** Nodes that an approximate trim without LIMIT may delete, and the bounds of the entries that makes. */
const LIMIT_NODES = 100;
const LIMIT_WITHOUT_NODES = 10_000;
const LIMIT_MAX = 1_000_000;

export function xadd(call: Call): void {
  const { request } = call.store.streams;
  const idIndex = parseOptions(call, request, true);
  const from = idIndex + 1;
  const words = call.count - from;
  if (words < 2 || words % 2 === 1) throw wrongArity('xadd');
  if (request.idForm === 'full' && isZeroId(request.id)) throw zeroId;
  const { streams } = call.store;
  const root = writeStream(call, 1);
  if (root === 0 && request.noMkStream) {
    call.reply.null();
    return;
  }
  const { last, id } = request;
  if (root === 0) last.fill(0);
  else streams.readId(root, LAST_ID, last);
  if (isLastId(last)) throw noMoreIds;
  chooseId(request, call.now);
  if (compareIds(id, last) <= 0) throw idTooSmall;
  if (!streams.fits(call.args, from, words / 2)) throw tooLarge;
  if (root === 0) addKey(call, request, from, words / 2);
  else streams.append(root, id, call.args, from, words / 2);

  const idLength = writeId(call.scratch, 0, id);
  call.reply.bulk(call.scratch, 0, idLength);
  call.changed(1);
  call.notify(keyspaceEvents.stream, 'xadd', 1);
  if (root !== 0 && call.db.waiting > 0) call.ready(1);
  if (request.strategy === 'none') {
    if (request.idForm !== 'full') call.propagateReplacing(idIndex, call.scratch, idLength);
    return;
  }
  const stream = root === 0 ? writeStream(call, 1) : root;
  if (streams.trim(stream, request) > 0) call.notify(keyspaceEvents.stream, 'xtrim', 1);
  if (request.approximate) propagateTrim(call, stream, request, request.idForm === 'full' ? 0 : idIndex);
  else if (request.idForm !== 'full') call.propagateReplacing(idIndex, call.scratch, idLength);
}

/** A new key with its first entry; without memory for both there is neither. */
function addKey(call: Call, request: AddRequest, from: number, pairs: number): void {
  const { streams, space } = call.store;
  const { args } = call;
  const root = streams.createValue();
  try {
    streams.append(root, request.id, args, from, pairs);
  } catch (error) {
    space.reclaimer.freeValue(TYPE_STREAM, ENC_STREAM, root);
    throw error;
  }
  call.db.add(args.bytes, args.at[1]!, args.length[1]!, TYPE_STREAM, ENC_STREAM, root);
}

function chooseId(request: AddRequest, now: number): void {
  const { id, last } = request;
  if (request.idForm === 'none') nextId(last, now, id);
  else if (request.idForm === 'any-seq' && id[0] === last[0] && id[1] === last[1]) {
    // The next sequence, and never the next millisecond.
    if ((last[2]! & last[3]!) === -1) throw idTooSmall;
    copyId(id, last);
    incrementId(id);
  }
}

export function xtrim(call: Call): void {
  const { request } = call.store.streams;
  parseOptions(call, request, false);
  const root = writeStream(call, 1);
  if (root === 0) {
    call.reply.integer(0);
    return;
  }
  const deleted = call.store.streams.trim(root, request);
  if (deleted > 0) {
    call.changed(1, deleted);
    call.notify(keyspaceEvents.stream, 'xtrim', 1);
    if (request.approximate) propagateTrim(call, root, request, 0);
  }
  call.reply.integer(deleted);
}

/**
 * Sends the command with `=` for `~` and, as MAXLEN or MINID, what the stream has now; the id at `idIndex` (0: as it is) is
 * the one given out.
 */
function propagateTrim(call: Call, root: Address, request: AddRequest, idIndex: number): void {
  const { streams } = call.store;
  const { args } = call;
  const effect = call.effect(call.count);
  for (let i = 0; i < call.count; i++) {
    if (i === request.valueIndex - 1) effect.text('=');
    else if (i === request.valueIndex) {
      if (request.strategy === 'maxlen') effect.integer(streams.length(root));
      else {
        // The first entry, deleted or not.
        const length = writeId(call.scratch, 0, streams.edge(root, false, true, request.last));
        effect.bytes(call.scratch, 0, length);
      }
    } else if (i === idIndex && idIndex > 0) effect.bytes(call.scratch, 0, writeId(call.scratch, 0, request.id));
    else effect.bytes(args.bytes, args.at[i]!, args.length[i]!);
  }
}

/** Reads the options; returns the index of XADD's id. */
function parseOptions(call: Call, request: AddRequest, isAdd: boolean): number {
  const { args, count } = call;
  request.strategy = 'none';
  request.approximate = false;
  request.limit = 0;
  request.noMkStream = false;
  request.idForm = 'none';
  let limitGiven = false;
  let i = 2;
  for (; i < count; i++) {
    if (isAdd && args.length[i] === 1 && args.bytes[args.at[i]!] === 0x2a) break;
    const more = i + 1 < count;
    if (more && (args.is(i, 'maxlen') || args.is(i, 'minid'))) i = parseStrategy(call, request, i);
    else if (more && args.is(i, 'limit')) {
      request.limit = call.integer(++i);
      if (request.limit < 0) throw limitNegative;
      limitGiven = true;
    } else if (isAdd && args.is(i, 'nomkstream')) request.noMkStream = true;
    else if (isAdd) {
      const form = parseArgument(call, i, request.id, 0, true);
      if (form === 'invalid') throw invalidId;
      request.idForm = form === 'any-seq' ? form : 'full';
      break;
    } else throw errors.syntax;
  }
  if (request.strategy === 'none') {
    if (request.limit > 0) throw limitAlone;
    if (!isAdd) throw noStrategy;
  }
  if (call.session.class === 'master') {
    // The value says exactly what to leave.
    request.limit = 0;
    return i;
  }
  if (limitGiven && !request.approximate) throw limitExact;
  if (!limitGiven) request.limit = request.approximate ? defaultLimit(call) : 0;
  return i;
}

function parseStrategy(call: Call, request: AddRequest, index: number): number {
  const { args } = call;
  if (request.strategy !== 'none') throw twoStrategies;
  let i = index + 1;
  request.approximate = false;
  if (i + 1 < call.count && args.length[i] === 1) {
    const sign = args.bytes[args.at[i]!];
    request.approximate = sign === 0x7e;
    if (sign === 0x7e || sign === 0x3d) i++;
  }
  request.valueIndex = i;
  if (args.is(index, 'minid')) {
    idArgument(call, i, request.minId);
    request.strategy = 'minid';
    return i;
  }
  request.maxLength = call.integer(i);
  if (request.maxLength < 0) throw maxLengthNegative;
  request.strategy = 'maxlen';
  return i;
}

function defaultLimit(call: Call): number {
  const limit = LIMIT_NODES * call.services.settings.streamNodeMaxEntries;
  return limit <= 0 ? LIMIT_WITHOUT_NODES : Math.min(limit, LIMIT_MAX);
}
