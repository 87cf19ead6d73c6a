import { Body, Controller, Delete, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SecondFactorsOnGuard } from '../../auth/second-factor/second-factors-on.guard.js';
import { RequireStepUp } from '../../auth/step-up/recent-auth.decorators.js';
import { CodeInvalid } from '../../codes/codes.errors.js';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { CurrentPrincipal, type Principal } from '../../http/principal.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { NotFound, ValidationFailed } from '../../problems/http.errors.js';
import { FirstRecoveryCodesResponse, RecoveryCodesResponse } from '../../second-factors/recovery-codes.response.js';
import { NoSecondFactor, TotpExists } from '../../second-factors/second-factors.errors.js';
import { TotpEnrolmentResponse } from '../../second-factors/totp-enrolment.response.js';
import { Security } from './security.js';
import { ConfirmTotpRequest } from './security.requests.js';
import { SecurityResponse } from './security.response.js';

@ApiTags('Users')
@Controller('users/me')
@UseGuards(SecondFactorsOnGuard)
export class SecurityController {
  constructor(private readonly security: Security) {}

  @Get('security')
  @ApiProblems(NotFound)
  @ApiOperation({
    summary: 'Show how you can sign in',
    description: 'Whether there are a password and an authenticator app, and how many passkeys and recovery codes.',
    operationId: 'showSecurity',
  })
  @ApiOkResponse({ description: 'The credentials, without their secrets.', type: SecurityResponse })
  async show(@CurrentPrincipal() principal: Principal): Promise<SecurityResponse> {
    const { password, ...factors } = await this.security.of(principal);
    return SecurityResponse.of(password, factors);
  }

  @Post('totp')
  @ApiProblems(NotFound, TotpExists)
  @ApiOperation({
    summary: 'Set up an authenticator app',
    description: 'The app counts once `POST /users/me/totp/confirm` has received a code of it, within an hour.',
    operationId: 'beginTotp',
  })
  @ApiCreatedResponse({ description: 'The secret for the app. It is not shown again.', type: TotpEnrolmentResponse })
  @RequireStepUp()
  async begin(@CurrentPrincipal() principal: Principal): Promise<TotpEnrolmentResponse> {
    return TotpEnrolmentResponse.of(await this.security.beginTotp(principal));
  }

  @Post('totp/confirm')
  @HttpCode(200)
  @ApiProblems(ValidationFailed, CodeInvalid, NotFound)
  @ApiOperation({
    summary: 'Confirm the authenticator app',
    description: 'From now on, a login needs a second factor. Wrong codes count under `LIMIT_SECOND_FACTORS`.',
    operationId: 'confirmTotp',
  })
  @ApiOkResponse({ description: 'The app is set up.', type: FirstRecoveryCodesResponse })
  @RequireStepUp()
  async confirm(
    @CurrentPrincipal() principal: Principal,
    @CurrentClient() client: ClientContext,
    @Body() { code }: ConfirmTotpRequest,
  ): Promise<FirstRecoveryCodesResponse> {
    return { recovery_codes: await this.security.confirmTotp(principal, client, code) };
  }

  @Delete('totp')
  @HttpCode(204)
  @ApiProblems(NotFound)
  @ApiOperation({
    summary: 'Remove the authenticator app',
    description: 'Without another second factor, the recovery codes are removed too.',
    operationId: 'removeTotp',
  })
  @ApiNoContentResponse({ description: 'The app is removed.' })
  @RequireStepUp()
  async remove(@CurrentPrincipal() principal: Principal, @CurrentClient() client: ClientContext): Promise<void> {
    await this.security.removeTotp(principal, client);
  }

  @Post('recovery-codes')
  @HttpCode(200)
  @ApiProblems(NotFound, NoSecondFactor)
  @ApiOperation({
    summary: 'Get new recovery codes',
    description: 'The former ones no longer work.',
    operationId: 'renewRecoveryCodes',
  })
  @ApiOkResponse({ description: 'The codes. They are not shown again.', type: RecoveryCodesResponse })
  @RequireStepUp()
  async renew(
    @CurrentPrincipal() principal: Principal,
    @CurrentClient() client: ClientContext,
  ): Promise<RecoveryCodesResponse> {
    return { recovery_codes: await this.security.renewRecoveryCodes(principal, client) };
  }
}
