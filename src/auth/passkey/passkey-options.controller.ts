import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal } from '../../http/principal.js';
import { Public } from '../../http/public.decorator.js';
import { PasskeyRequestOptions } from '../../passkeys/passkey-options.js';
import { Passkeys } from '../../passkeys/passkeys.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { NotFound, ValidationFailed } from '../../problems/http.errors.js';
import { Limit } from '../../rate-limits/limit.decorator.js';
import { MfaTokenInvalid } from '../auth.errors.js';
import { PendingSignIns } from '../second-factor/pending-sign-ins.js';
import { MfaTokenRequest } from '../second-factor/second-factor.request.js';
import { challengeUseOf } from '../second-factor/second-factor-check.js';
import { SecondFactorsOnGuard } from '../second-factor/second-factors-on.guard.js';

/** Where a user who is known uses a passkey as evidence. */
@ApiTags('Auth')
@Controller('auth')
@UseGuards(SecondFactorsOnGuard)
export class PasskeyOptionsController {
  constructor(
    private readonly passkeys: Passkeys,
    private readonly pending: PendingSignIns,
  ) {}

  @Public()
  @Limit('logins')
  @Post('second-factor/passkey-options')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Begin the second step with a passkey',
    description:
      'The options for `navigator.credentials.get()`. Send its result as `passkey` to `POST /auth/second-factor`.',
    operationId: 'beginPasskeySecondFactor',
  })
  @ApiOkResponse({ description: 'PublicKeyCredentialRequestOptionsJSON.', type: PasskeyRequestOptions })
  @ApiProblems(ValidationFailed, MfaTokenInvalid, NotFound)
  async secondFactor(@Body() { mfa_token: token }: MfaTokenRequest): Promise<PasskeyRequestOptions> {
    const { id, user } = await this.pending.find('second_factor', token);
    return await this.passkeys.requestOptions(challengeUseOf({ signInId: id }), user.id);
  }

  @Post('step-up/passkey-options')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Begin a step-up with a passkey',
    description: 'The options for `navigator.credentials.get()`. Send its result as `passkey` to `POST /auth/step-up`.',
    operationId: 'beginPasskeyStepUp',
  })
  @ApiOkResponse({ description: 'PublicKeyCredentialRequestOptionsJSON.', type: PasskeyRequestOptions })
  @ApiProblems(NotFound)
  async stepUp(@CurrentPrincipal() { userId, sessionId }: Principal): Promise<PasskeyRequestOptions> {
    return await this.passkeys.requestOptions(challengeUseOf({ sessionId }), userId);
  }
}
