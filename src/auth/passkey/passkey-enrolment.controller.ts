import { Body, Controller, HttpCode, Post, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { Public } from '../../http/public.decorator.js';
import { NewPasskeyMember, type RegistrationCredential } from '../../passkeys/credential.js';
import { nameOf, PasskeyName } from '../../passkeys/passkey-name.js';
import { PasskeyCreationOptions } from '../../passkeys/passkey-options.js';
import { NewPasskeyInvalid } from '../../passkeys/passkeys.errors.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { NotFound, ValidationFailed } from '../../problems/http.errors.js';
import { Limit } from '../../rate-limits/limit.decorator.js';
import type { FirstRecoveryCodesResponse } from '../../second-factors/recovery-codes.response.js';
import { MfaTokenInvalid } from '../auth.errors.js';
import type { CookieSessionResponse } from '../cookie-session.response.js';
import { MfaTokenRequest } from '../second-factor/second-factor.request.js';
import { SecondFactorsOnGuard } from '../second-factor/second-factors-on.guard.js';
import { SignInResponder } from '../sign-in.responder.js';
import { EnrolmentStep } from '../sign-in-route.decorator.js';
import type { TokensResponse } from '../tokens.response.js';
import { PasskeyEnrolment } from './passkey-enrolment.js';

class EnrolPasskeyRequest extends MfaTokenRequest {
  @NewPasskeyMember()
  credential!: RegistrationCredential;

  @PasskeyName({ isRequired: false })
  name?: string;
}

@ApiTags('Auth')
@Controller('auth/enrolment/passkey')
@UseGuards(SecondFactorsOnGuard)
export class PasskeyEnrolmentController {
  constructor(
    private readonly enrolment: PasskeyEnrolment,
    private readonly responder: SignInResponder,
  ) {}

  @Public()
  @Limit('logins')
  @Post('options')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Begin to set up a passkey at the login',
    description:
      'Send the `mfa_token` of a login that answered `enrolment_required` (`MFA=required`). The response is for `navigator.credentials.create()`.',
    operationId: 'beginPasskeyEnrolment',
  })
  @ApiOkResponse({ description: 'PublicKeyCredentialCreationOptionsJSON.', type: PasskeyCreationOptions })
  @ApiProblems(ValidationFailed, MfaTokenInvalid, NotFound)
  async options(@Body() { mfa_token: token }: MfaTokenRequest): Promise<PasskeyCreationOptions> {
    return await this.enrolment.options(token);
  }

  @Post()
  @EnrolmentStep(EnrolPasskeyRequest, NotFound, MfaTokenInvalid, NewPasskeyInvalid)
  @ApiOperation({
    summary: 'Log in: set up a passkey',
    description: 'The new passkey completes the login. The response also contains ten recovery codes.',
    operationId: 'enrolPasskey',
  })
  async finish(
    @Body() { mfa_token: token, credential, name }: EnrolPasskeyRequest,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<(TokensResponse | CookieSessionResponse) & FirstRecoveryCodesResponse> {
    const passkey = { credential, name: nameOf(name, client.userAgent) };
    const { outcome, recoveryCodes } = await this.enrolment.finish(token, passkey, client);
    return { ...this.responder.of(outcome, reply), recovery_codes: recoveryCodes };
  }
}
