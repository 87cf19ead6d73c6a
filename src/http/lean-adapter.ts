import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

/**
 * Nest's adapter without the hooks that its constructor adds to every request. Without them, middleware, `enableCors`,
 * `enableVersioning`, `enableCsrfProtection` and `useSecurityHeaders` of Nest do not work, and throw
 * (docs/decisions/0021-lean-adapter.md). One of the hooks rejects URLs that middleware cannot match; `ambiguity` rejects them.
 */
export class LeanAdapter extends FastifyAdapter {
  /** Initialized after the constructor of the adapter has returned, which ends the time in which hooks are ignored. */
  protected readonly fastify = acceptHooks(this.getInstance<FastifyInstance>());

  /** Called by the constructor of the adapter before it adds the hooks. */
  override setInstance<T>(instance: T): void {
    ignoreHooks(instance as FastifyInstance);
    super.setInstance(instance);
  }

  override use(): never {
    throw new Error(unsupported('middleware'));
  }

  override createMiddlewareFactory(): never {
    throw new Error(unsupported('middleware'));
  }

  override enableCors(): never {
    throw new Error(unsupported('enableCors'));
  }

  override registerSecurityHook(): never {
    throw new Error(unsupported('enableCsrfProtection and useSecurityHeaders'));
  }

  override applyVersionFilter(): never {
    throw new Error(unsupported('enableVersioning'));
  }
}

function unsupported(feature: string): string {
  return `LeanAdapter has no hooks for ${feature} of Nest: use a hook of Fastify in createHttpServer`;
}

const originals = new WeakMap<FastifyInstance, FastifyInstance['addHook']>();

function ignoreHooks(fastify: FastifyInstance): void {
  originals.set(fastify, fastify.addHook);
  fastify.addHook = () => fastify;
}

function acceptHooks(fastify: FastifyInstance): FastifyInstance {
  const addHook = originals.get(fastify);
  if (addHook === undefined) throw new Error('the adapter of Nest no longer calls setInstance');
  fastify.addHook = addHook;
  return fastify;
}
