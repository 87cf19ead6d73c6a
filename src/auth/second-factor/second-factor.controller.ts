import { Body, Controller, Post, Res, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { NotFound } from '../../problems/http.errors.js';
import { SecondFactorInvalid } from '../../second-factors/second-factors.errors.js';
import { MfaTokenInvalid } from '../auth.errors.js';
import type { CookieSessionResponse } from '../cookie-session.response.js';
import { SignInResponder } from '../sign-in.responder.js';
import { SignInStep } from '../sign-in-route.decorator.js';
import type { TokensResponse } from '../tokens.response.js';
import { SecondFactorRequest } from './second-factor.request.js';
import { SecondFactorsOnGuard } from './second-factors-on.guard.js';
import { SecondStep } from './second-step.js';

@ApiTags('Auth')
@Controller('auth/second-factor')
@UseGuards(SecondFactorsOnGuard)
export class SecondFactorController {
  constructor(
    private readonly secondStep: SecondStep,
    private readonly responder: SignInResponder,
  ) {}

  @Post()
  @SignInStep(SecondFactorRequest, NotFound, MfaTokenInvalid, SecondFactorInvalid)
  @ApiOperation({
    summary: 'Log in: the second step',
    description:
      'Send the `mfa_token` of a login that answered `second_factor_required`, and one second factor. The session has the transport that the login asked for. The token works once, for 5 minutes and 5 tries.',
    operationId: 'proveSecondFactor',
  })
  async prove(
    @Body() body: SecondFactorRequest,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensResponse | CookieSessionResponse> {
    const options = { trustDevice: body.trust_device ?? true };
    return this.responder.of(await this.secondStep.prove(body.mfa_token, body.evidence, client, options), reply);
  }
}
