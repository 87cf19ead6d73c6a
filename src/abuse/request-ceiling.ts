import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { addressKey } from '../edge/address.js';
import { limitHeaders } from './limit-headers.js';
import { tooMany } from './rate-limits.js';
import { WindowCounters } from './window-counters.js';

/**
 * The limit on everything from one address, whatever it asks for. Counted in this process alone, so that it costs a
 * request next to nothing: with n instances, an address gets n times as much at the most.
 */
@Injectable()
export class RequestCeiling {
  readonly #counters: WindowCounters;

  constructor(
    private readonly config: Config,
    clock: Clock,
  ) {
    this.#counters = new WindowCounters(clock);
  }

  get enabled(): boolean {
    return this.config.rateLimit === 'on';
  }

  /** A hook for the moment at which a request comes in, before its body is read. */
  readonly onRequest = (request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const rate = this.config.limits.requests;
    const count = this.#counters.count(addressKey(request.ip), rate);
    done(count.used > rate.quota ? tooMany('requests', count, limitHeaders('requests', rate, count)) : undefined);
  };
}
