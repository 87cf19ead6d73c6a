import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';

/**
 * Requests that one connection may have without an answer. Clients that pipeline send a few; what is parsed and waiting
 * takes memory, and pausing the socket does not stop what has been read already.
 */
const MOST_PENDING = 16;

interface Busy {
  /** The newest answer: of several in a row, only that one's request may still be arriving. */
  response: ServerResponse;
  since: number;
  /** Requests without an answer. */
  pending: number;
}

/**
 * The open connections of a server and what each is at: waiting for its client to begin a request, or busy with one.
 *
 * There are never more than the ceiling. One more takes the place of the one that has kept us waiting the longest, so
 * that slow senders, however many, shut out nobody who sends a request in full. Where all are being answered, the
 * newcomer is closed.
 */
export class Connections {
  readonly #logger = new Logger('http');
  readonly #ceiling: number;
  /** Since when, in milliseconds; the longest idle first. */
  readonly #idle = new Map<Socket, number>();
  /** The oldest first. */
  readonly #busy = new Map<Socket, Busy>();
  #warned = false;

  /** @param ceiling the most connections that may be open */
  constructor(ceiling: number) {
    this.#ceiling = ceiling;
  }

  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.#open(socket));
  }

  /** Whether a request is to be handled. Closes the connection if it already has too many that wait for their answers. */
  admit({ socket }: IncomingMessage, response: ServerResponse): boolean {
    // Requests that came in one piece are still parsed when the first of them has closed the connection.
    if (socket.destroyed) return false;
    const pending = (this.#busy.get(socket)?.pending ?? 0) + 1;
    if (pending > MOST_PENDING) {
      socket.destroy();
      return false;
    }
    this.#idle.delete(socket);
    this.#busy.delete(socket);
    this.#busy.set(socket, { response, since: performance.now(), pending });
    response.once('close', () => this.#answered(socket));
    return true;
  }

  /** Whether the newest request has its answer, while the rest of that request may still be arriving. */
  hasAnswered(socket: Socket): boolean {
    return this.#busy.get(socket)?.response.headersSent === true;
  }

  /** Closes those without a request, also those that never sent anything. */
  closeIdle(): void {
    for (const socket of this.#idle.keys()) socket.destroy();
  }

  #open(socket: Socket): void {
    if (this.#idle.size + this.#busy.size >= this.#ceiling && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    this.#idle.set(socket, performance.now());
    socket.once('close', () => this.#forget(socket));
  }

  #answered(socket: Socket): void {
    const busy = this.#busy.get(socket);
    if (busy === undefined) return;
    busy.pending -= 1;
    if (busy.pending > 0) return;
    this.#busy.delete(socket);
    if (!socket.destroyed) this.#idle.set(socket, performance.now());
  }

  #makeRoom(): boolean {
    if (!this.#warned) this.#logger.warn(`MAX_CONNECTIONS=${this.#ceiling} is reached: those that wait are closed`);
    this.#warned = true;
    const slow = this.#longestWaiting();
    if (slow === undefined) return false;
    this.#forget(slow);
    slow.destroy();
    return true;
  }

  /** By one measure for both kinds: were newcomers always the first to go, slow bodies would keep their places for good. */
  #longestWaiting(): Socket | undefined {
    const [idle] = this.#idle;
    for (const [socket, { response, since }] of this.#busy) {
      if (idle !== undefined && idle[1] <= since) break;
      if (!response.req.complete) return socket;
    }
    return idle?.[0];
  }

  #forget(socket: Socket): void {
    this.#idle.delete(socket);
    this.#busy.delete(socket);
    // Said again when it has been better for a while.
    if (this.#idle.size + this.#busy.size < this.#ceiling / 2) this.#warned = false;
  }
}
