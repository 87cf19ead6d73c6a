import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { CurrentPrincipal, type Principal } from '../../http/principal.js';
import { TooManyAttempts } from '../../lockout/too-many-attempts.js';
import { Busy, WrongPassword } from '../../passwords/passwords.errors.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { ValidationFailed } from '../../problems/http.errors.js';
import { SecondFactorInvalid } from '../../second-factors/second-factors.errors.js';
import { CookieRequired } from '../auth.errors.js';
import { CookieSessionResponse } from '../cookie-session.response.js';
import { SignInResponder } from '../sign-in.responder.js';
import { TokensResponse } from '../tokens.response.js';
import { StepUp } from './step-up.js';
import { StepUpRequest } from './step-up.request.js';

@ApiTags('Auth')
@Controller('auth/step-up')
export class StepUpController {
  constructor(
    private readonly stepUp: StepUp,
    private readonly responder: SignInResponder,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Authenticate again in a session',
    description:
      'For routes that need a recent authentication or a second factor: they respond with 401 `insufficient_user_authentication` (RFC 9470). Send exactly one field. The new access token has the new `auth_time` and `amr`: a second factor adds to `amr`, a password replaces it. The refresh token stays the same. A cookie session gets a new cookie and a new CSRF token, and its access tokens end; an access token of a cookie session is refused.',
    operationId: 'stepUp',
  })
  @ApiExtraModels(TokensResponse, CookieSessionResponse)
  @ApiOkResponse({
    description: 'The tokens of the session; for a cookie session its new CSRF token.',
    schema: { oneOf: [TokensResponse, CookieSessionResponse].map((model) => ({ $ref: getSchemaPath(model) })) },
    headers: { 'Set-Cookie': { description: 'The new session cookie.', schema: { type: 'string' } } },
  })
  @ApiProblems(ValidationFailed, CookieRequired, WrongPassword, TooManyAttempts, SecondFactorInvalid, Busy)
  async perform(
    @CurrentPrincipal() principal: Principal,
    @CurrentClient() client: ClientContext,
    @Body() body: StepUpRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensResponse | CookieSessionResponse> {
    return this.responder.of(await this.stepUp.perform(principal, client, body), reply);
  }
}
