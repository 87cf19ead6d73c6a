import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';

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
  /** With the newest answer of each, the oldest first: of several in a row, only that one's request may still be arriving. */
  readonly #busy = new Map<Socket, { response: ServerResponse; since: number }>();
  #warned = false;

  constructor(server: Server, ceiling: number) {
    this.#ceiling = ceiling;
    server.on('connection', (socket: Socket) => this.#open(socket));
    server.on('request', (request, response) => {
      const { socket } = request;
      this.#idle.delete(socket);
      this.#busy.delete(socket);
      this.#busy.set(socket, { response, since: performance.now() });
      response.once('close', () => {
        if (this.#busy.get(socket)?.response !== response) return;
        this.#busy.delete(socket);
        if (!socket.destroyed) this.#idle.set(socket, performance.now());
      });
    });
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
