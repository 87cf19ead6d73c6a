import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { uuidv7 } from '../crypto/uuidv7.js';
import type { AuthError } from '../problems/auth-error.js';
import { HeadersTooLarge, MalformedRequest, MethodNotAllowed, RequestTimeout } from '../problems/http.errors.js';
import { describeProblem, problemHeaders } from '../problems/problem.js';
import type { RequestCounter } from './request-counter.js';

interface Answering {
  /** Sent with every response. */
  headers: Readonly<Record<string, string>>;
  requests: RequestCounter;
}

/** How long a client may take to read the response before its connection is destroyed, in milliseconds. */
const LINGER_MS = 1000;

/**
 * Responds to what the HTTP parser rejects. There is no request object, so the problem is written to the socket directly; then
 * the connection is closed (RFC 9112 §2.2).
 */
export function answerUnparsed(error: NodeJS.ErrnoException, socket: Socket, answering: Answering): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  answer(socket, problemOf(error.code), answering, error.code);
}

/** Rejects CONNECT (RFC 9110 §9.3.6). Node.js would close the connection without a response. */
export function answerConnect(socket: Socket, answering: Answering): void {
  socket.on('error', () => socket.destroy());
  // This server has no methods for the URL of another host, so `Allow` is empty (RFC 9110 §10.2.1).
  answer(socket, new MethodNotAllowed({ headers: { Allow: '' } }), answering, 'CONNECT');
}

function answer(socket: Socket, fallback: AuthError, answering: Answering, fault: string | undefined): void {
  // The address of the peer: `X-Forwarded-For` has not been parsed.
  const problem = answering.requests.count(socket.remoteAddress) ?? fallback;
  const id = uuidv7();
  const body = JSON.stringify(describeProblem(problem, id, 'en'));
  const { status } = problem.kind;
  const headers = {
    ...answering.headers,
    ...problemHeaders(problem, 'en'),
    'X-Request-Id': id,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  new Logger('http').log({ msg: 'unparsed request', request_id: id, status, ip: socket.remoteAddress, fault });
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`);
  // Otherwise the client could keep its half open.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function problemOf(code: string | undefined): AuthError {
  if (code === 'HPE_HEADER_OVERFLOW') return new HeadersTooLarge();
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new RequestTimeout();
  return new MalformedRequest();
}
