import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { SessionInvalid } from '../access/session.errors.js';
import { Config } from '../config/config.js';

/**
 * The session cookie in the headers (RFC 6265bis). Over https its name begins with `__Host-`, so no other host and no
 * plain connection can set it; plain http, for development, knows no such names.
 */
@Injectable()
export class SessionCookieHeader {
  readonly #name: string;
  readonly #attributes: string;

  constructor({ publicUrl }: Config) {
    const secure = publicUrl.startsWith('https:');
    this.#name = secure ? '__Host-portero' : 'portero';
    this.#attributes = `Path=/; ${secure ? 'Secure; ' : ''}HttpOnly; SameSite=Lax`;
  }

  /**
   * The value of the one session cookie; nothing where there is none. Only spaces and tabs are cut off a name: what
   * else some parsers cut off would let another cookie pass for this one.
   *
   * @throws SessionInvalid where there are several, or an attribute of the first cookie standard (`$Version`)
   */
  read({ cookie }: IncomingHttpHeaders): string | undefined {
    if (cookie === undefined) return undefined;
    let found: string | undefined;
    for (const pair of cookie.split(';')) {
      const equals = pair.indexOf('=');
      const name = trim(equals < 0 ? pair : pair.slice(0, equals));
      if (name.startsWith('$')) throw new SessionInvalid();
      if (name !== this.#name) continue;
      if (found !== undefined) throw new SessionInvalid();
      found = equals < 0 ? '' : trim(pair.slice(equals + 1));
    }
    return found;
  }

  /** For as long as the browser is open: how long the session lives is the server's to say. */
  set(reply: FastifyReply, value: string): void {
    reply.header('Set-Cookie', `${this.#name}=${value}; ${this.#attributes}`);
  }

  /**
   * Has the browser forget the cookie, and what it kept of this site (W3C Clear Site Data). Not by "cookies": that
   * would take the cookies of every other host under the same registered domain.
   */
  clear(reply: FastifyReply): void {
    reply.header('Set-Cookie', `${this.#name}=; Max-Age=0; ${this.#attributes}`);
    reply.header('Clear-Site-Data', '"cache", "storage"');
  }
}

function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}
