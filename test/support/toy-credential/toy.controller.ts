import { Body, Controller, Get, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { InvalidCredentials } from '../../../src/auth/auth.errors.js';
import { SignIn } from '../../../src/auth/sign-in.js';
import { SignInResponder } from '../../../src/auth/sign-in.responder.js';
import { SignInRoute } from '../../../src/auth/sign-in-route.decorator.js';
import { type ClientContext, CurrentClient } from '../../../src/http/client-context.js';
import { CurrentPrincipal, type Principal } from '../../../src/http/principal.js';
import { ToyRequest } from './toy.request.js';
import { ToyCredential } from './toy-credential.js';

@Controller('auth/toy')
export class ToyController {
  constructor(
    private readonly toy: ToyCredential,
    private readonly signIn: SignIn,
    private readonly responder: SignInResponder,
  ) {}

  @Post()
  @SignInRoute(ToyRequest, InvalidCredentials)
  async login(
    @Body() body: ToyRequest,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const proof = await this.toy.proveAtLogin(body, client);
    return this.responder.of(await this.signIn.complete(proof, client, body.transport ?? 'bearer'), reply);
  }

  /** Returns the principal and the client context that handlers get. */
  @Get('request')
  show(@CurrentPrincipal() principal: Principal, @CurrentClient() client: ClientContext): unknown {
    return { principal, client };
  }
}
