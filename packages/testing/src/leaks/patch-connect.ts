import { AsyncResource } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';
import { now } from '../captured/clock.js';
import { readBackendPid } from './read-backend-pid.js';
import { isCalledByProject, isServer, targetOf } from '@pg-evict/core/internal/own-connections';
import {
  followTrail,
  leaveTrail,
  noteConnected,
  runningOwner,
  type SocketRecord,
  type SocketRegistry,
} from './socket-owner.js';

/** Deep enough to get from a driver to the test through every layer between. */
const frames = 100;

/** How long a connection may take to become a session, or not: other programs may talk to the server's port. */
const longestStartMs = 1000;

/** How many records of closed sockets may stand about. */
const untidy = 64;

/**
 * Makes `net.Socket.prototype.connect` and `tls.connect` report the sockets they connect. Their behaviour stays the
 * same, with two exceptions: a file that is over cannot connect to its server any more, because nothing would be left
 * to close that connection; and while connections are held, a socket stays as it is while a name is looked up.
 */
export function patchConnect(registry: SocketRegistry): void {
  const { connect } = registry;
  function recordingConnect(this: net.Socket, ...parameters: unknown[]): net.Socket {
    const owner = runningOwner(registry);
    if (owner === null) return connect.apply(this, parameters);
    noteConnected(registry, owner);
    tidy(registry);
    const target = targetOf(parameters);
    if (!isServer(target, owner.server)) {
      registry.elsewhere.add(this);
      return connect.apply(this, parameters);
    }
    if (owner.over) {
      owner.refused += 1;
      return this;
    }
    if (owner.followed && !owner.trailed) {
      registry.driverOutside = true;
      followTrail(registry, owner);
    }
    // A driver that connects at once will do so again.
    if (isCalledByProject(recordingConnect, frames)) leaveTrail(registry);
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = frames;
    const stack = new Error('opened');
    Error.captureStackTrace(stack, recordingConnect);
    Error.stackTraceLimit = stackTraceLimit;
    const record: SocketRecord = {
      owner,
      socket: this,
      secured: null,
      target,
      openedAt: new Date(),
      phase: owner.phase,
      stack,
      site: registry.trail.current(),
      backendPid: null,
      begunAt: now(),
      held: null,
    };
    registry.records.add(record);
    readBackendPid(this, (pid) => know(record, pid));
    if (owner.holds === 0) return connect.apply(this, parameters);
    Object.assign(this, { connecting: true });
    // What the socket reports later belongs to the code that has opened it.
    record.held = AsyncResource.bind(() => void connect.apply(this, parameters));
    return this;
  }
  Object.assign(net.Socket.prototype, { connect: recordingConnect });

  const secure = tls.connect as (...parameters: unknown[]) => tls.TLSSocket;
  const recordingSecure = (...parameters: unknown[]): tls.TLSSocket => {
    const secured = secure(...parameters);
    const { socket } = Object(parameters[0]) as { socket?: unknown };
    for (const record of registry.records) {
      if (record.socket !== socket) continue;
      record.secured = secured;
      readBackendPid(secured, (pid) => know(record, pid));
    }
    return secured;
  };
  tls.connect = recordingSecure;
  syncBuiltinESMExports();
}

function know(record: SocketRecord, pid: number): void {
  record.backendPid = pid;
  record.owner.backendPids.add(pid);
}

/** Whether a connection is just becoming a session. */
export function isStarting({ backendPid, begunAt, held }: SocketRecord): boolean {
  return backendPid === null && held === null && now() < begunAt + longestStartMs;
}

/** Connects a socket that was held, unless it was destroyed meanwhile. */
export function letConnect(record: SocketRecord): void {
  const { held, socket } = record;
  record.held = null;
  record.begunAt = now();
  if (held !== null && !socket.destroyed) held();
}

/** Whether the session of a socket is, or is about to be, there; not one that has said goodbye. */
export function isOpen({ socket, secured }: SocketRecord): boolean {
  const stream = secured ?? socket;
  return !stream.destroyed && !stream.writableEnded && !socket.destroyed;
}

/** Whether nothing more can come of it than its last event. One that is being closed is neither open nor gone. */
export function isGone({ socket, secured }: SocketRecord): boolean {
  return socket.destroyed && (secured?.destroyed ?? true);
}

function tidy({ elsewhere, records }: SocketRegistry): void {
  if (records.size + elsewhere.size < untidy) return;
  for (const record of records) if (isGone(record)) records.delete(record);
  for (const socket of elsewhere) if (socket.destroyed) elsewhere.delete(socket);
}

/** Whether any socket to another program than the server is open. */
export function isConnectedElsewhere({ elsewhere }: SocketRegistry): boolean {
  return [...elsewhere].some((socket) => !socket.destroyed);
}
