import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A TCP proxy that can hold back data in both directions, and reset connections. */
export class TcpProxy {
  #sockets = new Set();
  /** Whether data to the target, and data from it, is held back. */
  #held = { requests: false, answers: false };
  #resumers = new Set();

  /** @param targetPort returns the port of the target, for each connection: the target may restart elsewhere */
  constructor(targetPort) {
    this.server = createServer((client) => this.#link(client, connect(targetPort(), '127.0.0.1')));
  }

  async listen() {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = this.server.address().port;
    return this;
  }

  /** Holds back the data of all connections, old and new, until {@link resume}. No data is lost. */
  stall() {
    this.#held = { requests: true, answers: true };
  }

  /** Holds back only responses. Requests still arrive and have their effect. */
  holdAnswers() {
    this.#held = { requests: false, answers: true };
  }

  resume() {
    this.#held = { requests: false, answers: false };
    for (const resume of this.#resumers) resume();
    this.#resumers.clear();
  }

  /** Resets every connection. */
  cut() {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close() {
    this.resume();
    this.cut();
    this.server.close();
  }

  #link(client, server) {
    for (const [from, to, what] of [
      [client, server, 'requests'],
      [server, client, 'answers'],
    ]) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (chunk) => {
        if (!this.#held[what]) return to.write(chunk);
        from.pause();
        this.#resumers.add(() => {
          to.write(chunk);
          from.resume();
        });
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.end();
      });
    }
  }
}
