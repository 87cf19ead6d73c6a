import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

/**
 * Nest's adapter without the eight hooks that its constructor adds to every request. They serve middleware, CORS, CSRF tokens
 * and versions of Nest, none of which Portero uses; what one of them rejects, `ambiguity` rejects.
 */
export class LeanAdapter extends FastifyAdapter {
  /** Initialized when the constructor of the adapter has returned: from then on, hooks are added. */
  protected readonly fastify = acceptHooks(this.getInstance<FastifyInstance>());

  /** Called by the constructor of the adapter before it adds the hooks. */
  override setInstance<T>(instance: T): void {
    ignoreHooks(instance as FastifyInstance);
    super.setInstance(instance);
  }
}

const ignored = new WeakMap<FastifyInstance, FastifyInstance['addHook']>();

function ignoreHooks(fastify: FastifyInstance): void {
  ignored.set(fastify, fastify.addHook);
  fastify.addHook = () => fastify;
}

function acceptHooks(fastify: FastifyInstance): FastifyInstance {
  const addHook = ignored.get(fastify);
  if (addHook === undefined) throw new Error('the adapter of Nest no longer calls setInstance');
  fastify.addHook = addHook;
  return fastify;
}
