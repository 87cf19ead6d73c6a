import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { AuthError } from '../problems/auth-error.js';
import { HeadersTooLarge, MalformedRequest, RequestTimeout } from '../problems/http.errors.js';
import { describeProblem, problemHeaders } from '../problems/problem.js';

/**
 * Answers what the HTTP parser itself refuses. There is no request yet, so the answer is written by hand:
 * a problem like all others, and then the connection is closed (RFC 9112 §2.2).
 */
export function answerUnparsed(
  error: NodeJS.ErrnoException,
  socket: Socket,
  commonHeaders: Readonly<Record<string, string>>,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code);
  const id = uuidv7();
  const body = JSON.stringify(describeProblem(refusal, id, 'en'));
  const { status } = refusal.kind;
  const headers = {
    ...commonHeaders,
    ...problemHeaders(refusal, 'en'),
    'X-Request-Id': id,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  new Logger('http').log({
    msg: 'unparsed request',
    request_id: id,
    status,
    ip: socket.remoteAddress,
    fault: error.code,
  });
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`);
}

function refusalOf(code: string | undefined): AuthError {
  if (code === 'HPE_HEADER_OVERFLOW') return new HeadersTooLarge();
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new RequestTimeout();
  return new MalformedRequest();
}
