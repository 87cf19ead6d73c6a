import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Config } from '../../config/config.js';
import { cookieNames, readCookie } from '../../http/cookies.js';
import { SessionInvalid } from '../../sessions/session.errors.js';

/** The session cookie in the headers (RFC 6265bis). */
@Injectable()
export class SessionCookieHeader {
  readonly #name: string;
  readonly #attributes: string;

  constructor({ publicUrl }: Config) {
    const secure = publicUrl.startsWith('https:');
    this.#name = cookieNames(secure).session;
    this.#attributes = `Path=/; ${secure ? 'Secure; ' : ''}HttpOnly; SameSite=Lax`;
  }

  /**
   * The value of the one session cookie; nothing where there is none.
   *
   * @throws SessionInvalid where there are several, or an attribute of the first cookie standard (`$Version`)
   */
  read({ cookie }: IncomingHttpHeaders): string | undefined {
    const { value, ambiguous } = readCookie(cookie, this.#name);
    if (ambiguous) throw new SessionInvalid();
    return value;
  }

  /** For as long as the browser is open: how long the session lives is the server's to say. */
  set(reply: FastifyReply, value: string): void {
    reply.header('Set-Cookie', `${this.#name}=${value}; ${this.#attributes}`);
  }

  /**
   * Has the browser forget the cookie, and what it kept of this site (W3C Clear Site Data). Not `"cookies"`: that would
   * be those of every host under the same domain, and the one by which this device is known.
   */
  clear(reply: FastifyReply): void {
    reply.header('Set-Cookie', `${this.#name}=; Max-Age=0; ${this.#attributes}`);
    reply.header('Clear-Site-Data', '"cache", "storage"');
  }
}
