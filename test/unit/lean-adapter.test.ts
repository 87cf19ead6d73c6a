import 'reflect-metadata';
import { Controller, Get, type MiddlewareConsumer, Module, type Type, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { LeanAdapter } from '../../src/http/lean-adapter.js';

@Controller()
class Versioned {
  @Get()
  get(): void {}
}

@Module({ controllers: [Versioned] })
class Plain {}

@Module({})
class WithMiddleware {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(() => {}).forRoutes('*path');
  }
}

let app: NestFastifyApplication;
const create = (module: Type) =>
  NestFactory.create<NestFastifyApplication>(module, new LeanAdapter({ skipMiddie: true }), {
    logger: false,
    abortOnError: false,
  });
beforeEach(async () => {
  app = await create(Plain);
});
afterEach(() => app.close());

test('runs the hooks that are added after its construction', async () => {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (_request, reply) => {
      reply.code(418).send();
    });
  await app.init();

  expect((await app.inject({ url: '/' })).statusCode).toBe(418);
});

test('rejects middleware instead of ignoring it', async () => {
  expect(() => app.use(() => {})).toThrow('no hooks for middleware');
  await expect((await create(WithMiddleware)).init()).rejects.toThrow('no hooks for middleware');
});

test('rejects enableCors instead of ignoring it', () => {
  expect(() => app.enableCors()).toThrow('no hooks for enableCors');
});

test('rejects versions instead of ignoring them', async () => {
  app.enableVersioning({ type: VersioningType.HEADER, header: 'version', defaultVersion: '1' });

  await expect(app.init()).rejects.toThrow('no hooks for enableVersioning');
});
