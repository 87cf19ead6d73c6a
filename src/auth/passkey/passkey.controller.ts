import { Body, Controller, HttpCode, Post, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { Public } from '../../http/public.decorator.js';
import { PasskeyRequestOptions } from '../../passkeys/passkey-options.js';
import { PasskeyInvalid } from '../../passkeys/passkeys.errors.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { NotFound } from '../../problems/http.errors.js';
import { Limit } from '../../rate-limits/limit.decorator.js';
import type { CookieSessionResponse } from '../cookie-session.response.js';
import { SecondFactorsOnGuard } from '../second-factor/second-factors-on.guard.js';
import { SignIn } from '../sign-in.js';
import { SignInResponder } from '../sign-in.responder.js';
import { SignInRoute } from '../sign-in-route.decorator.js';
import type { TokensResponse } from '../tokens.response.js';
import { PasskeyLoginRequest } from './passkey-login.request.js';
import { PasskeySignIn } from './passkey-sign-in.js';

@ApiTags('Auth')
@Controller('auth/passkey')
@UseGuards(SecondFactorsOnGuard)
export class PasskeyController {
  constructor(
    private readonly passkey: PasskeySignIn,
    private readonly signIn: SignIn,
    private readonly responder: SignInResponder,
  ) {}

  @Public()
  @Limit('logins')
  @Post('options')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Begin a login with a passkey',
    description:
      'The options for `navigator.credentials.get()`, after `PublicKeyCredential.parseRequestOptionsFromJSON()`. They are the same for everybody, except the challenge: the passkey names the user.',
    operationId: 'beginPasskeyLogin',
  })
  @ApiOkResponse({ description: 'PublicKeyCredentialRequestOptionsJSON.', type: PasskeyRequestOptions })
  @ApiProblems(NotFound)
  async options(): Promise<PasskeyRequestOptions> {
    return await this.passkey.options();
  }

  @Post()
  @SignInRoute(PasskeyLoginRequest, NotFound, PasskeyInvalid)
  @ApiOperation({
    summary: 'Log in with a passkey',
    description: 'A passkey verifies the user, so it is two factors at once: no second factor is asked for.',
    operationId: 'loginWithPasskey',
  })
  async login(
    @Body() body: PasskeyLoginRequest,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensResponse | CookieSessionResponse> {
    const proof = await this.passkey.prove(body.credential, client);
    return this.responder.of(await this.signIn.complete(proof, client, body.transport ?? 'bearer'), reply);
  }
}
