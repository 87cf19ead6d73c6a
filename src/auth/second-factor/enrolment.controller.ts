import { Body, Controller, Post, Res, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CodeInvalid } from '../../codes/codes.errors.js';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { Public } from '../../http/public.decorator.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { NotFound, ValidationFailed } from '../../problems/http.errors.js';
import { Limit } from '../../rate-limits/limit.decorator.js';
import type { FirstRecoveryCodesResponse } from '../../second-factors/recovery-codes.response.js';
import { TotpExists } from '../../second-factors/second-factors.errors.js';
import { TotpEnrolmentResponse } from '../../second-factors/totp-enrolment.response.js';
import { MfaTokenInvalid } from '../auth.errors.js';
import type { CookieSessionResponse } from '../cookie-session.response.js';
import { SignInResponder } from '../sign-in.responder.js';
import { EnrolmentStep } from '../sign-in-route.decorator.js';
import type { TokensResponse } from '../tokens.response.js';
import { Enrolment } from './enrolment.js';
import { ConfirmEnrolmentRequest, MfaTokenRequest } from './second-factor.request.js';
import { SecondFactorsOnGuard } from './second-factors-on.guard.js';

@ApiTags('Auth')
@Controller('auth/enrolment')
@UseGuards(SecondFactorsOnGuard)
export class EnrolmentController {
  constructor(
    private readonly enrolment: Enrolment,
    private readonly responder: SignInResponder,
  ) {}

  @Public()
  @Limit('logins')
  @Post('totp')
  @ApiOperation({
    summary: 'Set up an authenticator app at the login',
    description: 'Send the `mfa_token` of a login that answered `enrolment_required` (`MFA=required`).',
    operationId: 'beginTotpEnrolment',
  })
  @ApiCreatedResponse({ description: 'The secret, which counts once it is confirmed.', type: TotpEnrolmentResponse })
  @ApiProblems(ValidationFailed, MfaTokenInvalid, NotFound, TotpExists)
  async begin(@Body() { mfa_token: token }: MfaTokenRequest): Promise<TotpEnrolmentResponse> {
    return TotpEnrolmentResponse.of(await this.enrolment.beginTotp(token));
  }

  @Post('totp/confirm')
  @EnrolmentStep(ConfirmEnrolmentRequest, NotFound, MfaTokenInvalid, CodeInvalid)
  @ApiOperation({
    summary: 'Log in: confirm the authenticator app',
    description: 'The first code of the app completes the login. The response also contains ten recovery codes.',
    operationId: 'confirmTotpEnrolment',
  })
  async confirm(
    @Body() { mfa_token: token, code }: ConfirmEnrolmentRequest,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<(TokensResponse | CookieSessionResponse) & FirstRecoveryCodesResponse> {
    const { outcome, recoveryCodes } = await this.enrolment.confirmTotp(token, code, client);
    return { ...this.responder.of(outcome, reply), recovery_codes: recoveryCodes };
  }
}
