import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';

/**
 * How many requests of one connection may be pending. Clients that pipeline send a few. Pending requests take memory, and
 * pausing the socket does not stop those that have been read already.
 */
const MAX_PENDING = 16;

interface Busy {
  /** The newest response. With pipelining, only its request may still be arriving. */
  response: ServerResponse;
  since: number;
  /** Pending requests. */
  pending: number;
}

/**
 * The open connections of a server, and whether each waits for its client or is being answered.
 *
 * Their number is limited. A connection beyond the limit replaces the one that has waited for its client the longest, so
 * slow senders can't keep out clients that send complete requests. If all connections are being answered, the new one is
 * closed.
 */
export class Connections {
  readonly #logger = new Logger('http');
  readonly #ceiling: number;
  /** Idle connections and since when, in milliseconds; the longest idle first. */
  readonly #idle = new Map<Socket, number>();
  /** The oldest first. */
  readonly #busy = new Map<Socket, Busy>();
  #warned = false;
  /** One function for all responses. */
  readonly #onClose: (this: ServerResponse) => void;

  /** @param ceiling the most connections that may be open */
  constructor(ceiling: number) {
    this.#ceiling = ceiling;
    const answered = (socket: Socket) => this.#answered(socket);
    this.#onClose = function () {
      answered(this.req.socket);
    };
  }

  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.#open(socket));
  }

  /** Whether to handle a request. Closes the connection if too many of its requests are pending. */
  admit({ socket }: IncomingMessage, response: ServerResponse): boolean {
    // Node.js goes on parsing pipelined requests after the connection was closed.
    if (socket.destroyed) return false;
    const pending = (this.#busy.get(socket)?.pending ?? 0) + 1;
    if (pending > MAX_PENDING) {
      socket.destroy();
      return false;
    }
    this.#idle.delete(socket);
    this.#busy.delete(socket);
    this.#busy.set(socket, { response, since: performance.now(), pending });
    response.on('close', this.#onClose);
    return true;
  }

  /** Whether the newest request has been answered; its body may still be arriving. */
  hasAnswered(socket: Socket): boolean {
    return this.#busy.get(socket)?.response.headersSent === true;
  }

  /** Closes the connections without a pending request. */
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

  /** Slow headers and slow bodies are compared by the same time; otherwise slow bodies would never be closed. */
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
    // Logged again only after the number has been lower for a while.
    if (this.#idle.size + this.#busy.size < this.#ceiling / 2) this.#warned = false;
  }
}
