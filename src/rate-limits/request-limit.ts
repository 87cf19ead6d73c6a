import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EventInput } from '../audit/audit-log.js';
import { RepeatedEvents } from '../audit/repeated-events.js';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { LIMITS, type LimitName } from '../config/limits.js';
import { addressKey } from '../http/client-address.js';
import { clientContextOf } from '../http/client-context.js';
import type { RequestCounter } from '../http/request-counter.js';
import { AuthError } from '../problems/auth-error.js';
import { TooManyRequests } from '../problems/http.errors.js';
import { ChecksOverLimit } from './checks-over-limit.js';
import { limitHeaders } from './limit-headers.js';
import { tooMany } from './rate-limits.js';
import type { Count } from './rate-store.js';
import { WindowCounters } from './window-counters.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The limit of the route's requests instead of `requests`. If it does not count by address, the request counts as
     * `requests` of its address until {@link RequestLimit.admit} counts it by its credential.
     */
    limit?: LimitName;
  }
}

/** Who an authenticated request counts for. */
interface Authenticated {
  /** The id of the client or session. */
  id: string;
  /** Who it is in the event of a rejection. */
  event: Pick<EventInput, 'actor' | 'userId' | 'sessionId' | 'details'>;
}

/** How a request is authenticated. */
export interface Authentication {
  /** The value that is checked, such as the `Authorization` header or the session cookie; undefined if there is none. */
  credential: string | undefined;
  /** Checks it. Throws an `AuthError` if it is not valid. */
  authenticate(): Promise<Authenticated>;
}

/** A request that counts for its address until its credential has been checked. */
interface Pending {
  limit: LimitName;
  address: string;
  /** When the window of the count ends, in milliseconds since the epoch. */
  endsAt: number;
  /** Set if the address is over its limit. */
  rejection: TooManyRequests | undefined;
}

/**
 * The limits on all requests, by address or by credential. They are counted in the memory of the process, which costs next to
 * nothing: with n instances, a client may send up to n times as many.
 */
@Injectable()
export class RequestLimit implements RequestCounter {
  readonly #counters = new Map<LimitName, WindowCounters>();
  readonly #pending = new WeakMap<FastifyRequest, Pending>();

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly checks: ChecksOverLimit,
    private readonly repeated: RepeatedEvents,
  ) {}

  /**
   * Counts a request. On a route that counts by credential, a request with one is not rejected here, also if its address is
   * over the limit.
   *
   * @returns undefined within the limit; otherwise the error, after recording it
   */
  check(request: FastifyRequest): Promise<TooManyRequests> | undefined {
    if (this.config.rateLimit !== 'on') return undefined;
    const { limit = 'requests' } = request.routeOptions.config ?? {};
    const address = addressKey(request.ip);
    const isByAddress = LIMITS[limit].countedBy === 'address';
    const counted = isByAddress ? limit : 'requests';
    const count = this.#count(counted, address);
    const rejection = this.#rejection(counted, count, { Connection: 'close' });
    const { authorization, cookie } = request.headers;
    if (!isByAddress && (rejection === undefined || (authorization ?? cookie) !== undefined)) {
      this.#pending.set(request, { limit, address, endsAt: this.clock.now() + count.msLeft, rejection });
      return undefined;
    }
    return rejection && this.#recorded(request, rejection, { details: { limit: counted } });
  }

  /**
   * Counts a request from an address. Returns an error if it is over the limit; its response also closes the connection, so
   * that pipelined requests are not read.
   */
  count(address: string | undefined): TooManyRequests | undefined {
    if (this.config.rateLimit !== 'on') return undefined;
    return this.#rejection('requests', this.#count('requests', addressKey(address)), { Connection: 'close' });
  }

  /**
   * Authenticates a request. On a route that counts by credential, a request with a valid credential then counts for its client
   * or session, and no longer for its address. So valid credentials also pass at an address over its limit, where all others
   * are rejected.
   *
   * @throws TooManyRequests, also instead of an error of the authentication
   */
  async admit(request: FastifyRequest, reply: FastifyReply, authentication: Authentication): Promise<void> {
    const pending = this.#pending.get(request);
    if (pending === undefined) {
      await authentication.authenticate();
      return;
    }
    this.#pending.delete(request);
    const { limit, address, endsAt } = pending;
    const fingerprint = this.checks.fingerprint(limit, authentication.credential);
    const { id, event } = await (pending.rejection
      ? this.#checkOverLimit(request, pending.rejection, { ...authentication, fingerprint })
      : authentication.authenticate());
    this.checks.remember(fingerprint);
    if (this.clock.now() < endsAt) this.#countersOf('requests').uncount(address);
    const taken = this.#count(limit, id);
    const rejection = this.#rejection(limit, taken);
    const details = { ...event.details, limit };
    if (rejection) throw await this.#recorded(request, rejection, { ...event, details });
    reply.headers(limitHeaders(limit, this.config.limits[limit], taken));
  }

  /**
   * Rejects a request from an address over its limit that has failed before {@link admit}, for example by a malformed body.
   * Otherwise any `Authorization` header would evade the limit.
   */
  rejectUnchecked(request: FastifyRequest): TooManyRequests | undefined {
    const { rejection } = this.#pending.get(request) ?? {};
    if (rejection === undefined) return undefined;
    this.#pending.delete(request);
    void this.#recorded(request, rejection, { details: { limit: 'requests' } });
    return rejection;
  }

  /** Whether {@link admit} counts a request by its credential. */
  isPending(request: FastifyRequest): boolean {
    return this.#pending.has(request);
  }

  /** Authenticates a request whose address is over its limit. @throws TooManyRequests instead of errors of the client */
  async #checkOverLimit(
    request: FastifyRequest,
    overLimit: TooManyRequests,
    { fingerprint, authenticate }: Pick<Authentication, 'authenticate'> & { fingerprint: string },
  ): Promise<Authenticated> {
    const rejection = () => this.#recorded(request, overLimit, { details: { limit: 'requests' } });
    const leave = await this.checks.enter(addressKey(request.ip), fingerprint);
    if (leave === undefined) throw await rejection();
    try {
      return await authenticate();
    } catch (error) {
      if (!(error instanceof AuthError) || error.kind.status >= 500) throw error;
      if (error.kind.status === 401) this.checks.forget(fingerprint);
      throw await rejection();
    } finally {
      leave();
    }
  }

  async #recorded(
    request: FastifyRequest,
    rejection: TooManyRequests,
    event: Authenticated['event'],
  ): Promise<TooManyRequests> {
    const details = { code: TooManyRequests.code, ...event.details };
    await this.repeated.recordRefused('limit.hit', { ...event, client: clientContextOf(request), details });
    return rejection;
  }

  #rejection(limit: LimitName, count: Count, headers: Record<string, string> = {}): TooManyRequests | undefined {
    const rate = this.config.limits[limit];
    if (count.used <= rate.quota) return undefined;
    return tooMany(count, { ...limitHeaders(limit, rate, count), ...headers });
  }

  #count(limit: LimitName, key: string): Count {
    return this.#countersOf(limit).count(key, this.config.limits[limit]);
  }

  #countersOf(limit: LimitName): WindowCounters {
    let counters = this.#counters.get(limit);
    if (counters === undefined) {
      counters = new WindowCounters(this.clock);
      this.#counters.set(limit, counters);
    }
    return counters;
  }
}
