import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Config } from '../../config/config.js';
import { cookieNames, readCookie } from '../../http/cookies.js';
import { SessionInvalid } from '../../sessions/session.errors.js';

/** Reads, sets and clears the session cookie (RFC 6265bis). */
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
   * Returns the value of the session cookie, or undefined if there is none.
   *
   * @throws SessionInvalid if there are several, or an attribute of RFC 2965 (`$Version`)
   */
  read({ cookie }: IncomingHttpHeaders): string | undefined {
    const { value, ambiguous } = readCookie(cookie, this.#name);
    if (ambiguous) throw new SessionInvalid();
    return value;
  }

  /** The cookie has no `Max-Age`: the server decides when the session ends. */
  set(reply: FastifyReply, value: string): void {
    reply.header('Set-Cookie', `${this.#name}=${value}; ${this.#attributes}`);
  }

  /**
   * Deletes the cookie and other data of this site in the browser (W3C Clear Site Data). Not `"cookies"`, because that also
   * deletes the device cookie and the cookies of all hosts under the same domain.
   */
  clear(reply: FastifyReply): void {
    reply.header('Set-Cookie', `${this.#name}=; Max-Age=0; ${this.#attributes}`);
    reply.header('Clear-Site-Data', '"cache", "storage"');
  }
}
