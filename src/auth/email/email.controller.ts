import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CodeExpired, CodeInvalid } from '../../codes/codes.errors.js';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { CurrentPrincipal, type Principal } from '../../http/principal.js';
import { Public, PublicWith } from '../../http/public.decorator.js';
import { TooManyAttempts } from '../../lockout/too-many-attempts.js';
import { Busy, WrongPassword } from '../../passwords/passwords.errors.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { ValidationFailed } from '../../problems/http.errors.js';
import { Limit } from '../../rate-limits/limit.decorator.js';
import { EmailTaken, UsernameTaken } from '../../users/users.errors.js';
import { MayNeedStepUp } from '../step-up/recent-auth.decorators.js';
import {
  ChangeEmailRequest,
  ConfirmChangeRequest,
  EvidenceRequest,
  evidenceOf,
  UndoChangeRequest,
} from './email.requests.js';
import { EmailChange } from './email-change.js';
import { EmailVerification } from './email-verification.js';

@ApiTags('Email')
@Controller()
export class EmailController {
  constructor(
    private readonly verification: EmailVerification,
    private readonly change: EmailChange,
  ) {}

  @Limit('mail_requests')
  @Post('auth/email/verification')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Request a mail to verify your address',
    description: 'Sends nothing if you have no address or have verified it. The newest mail counts, for 24 hours.',
    operationId: 'requestEmailVerification',
  })
  @ApiAcceptedResponse({ description: 'A mail with a link and a code is on its way.' })
  @ApiProblems()
  async requestVerification(@CurrentPrincipal() { userId }: Principal): Promise<void> {
    await this.verification.request(userId);
  }

  @Public()
  @Limit('codes')
  @Post('auth/email/verify')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Verify an address',
    description:
      'Send the `token` of the link, or the `email` and the `code`. With `REGISTRATION=private`, this creates the user.',
    operationId: 'verifyEmail',
  })
  @ApiNoContentResponse({ description: 'The address is verified.' })
  @ApiProblems(ValidationFailed, CodeInvalid, CodeExpired, UsernameTaken, EmailTaken)
  async verify(@Body() body: EvidenceRequest, @CurrentClient() client: ClientContext): Promise<void> {
    await this.verification.verify(body.evidence, client);
  }

  @Limit('password_changes')
  @Post('users/me/email')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Change your address',
    description: 'Sends a mail to the new address. Nothing changes until it confirms, within 24 hours.',
    operationId: 'changeEmail',
  })
  @ApiAcceptedResponse({ description: 'A mail with a link and a code is on its way to the new address.' })
  @MayNeedStepUp()
  @ApiProblems(ValidationFailed, WrongPassword, TooManyAttempts, EmailTaken, Busy)
  async requestChange(
    @CurrentPrincipal() principal: Principal,
    @CurrentClient() client: ClientContext,
    @Body() body: ChangeEmailRequest,
  ): Promise<void> {
    await this.change.request(principal, client, { password: body.current_password }, body.email);
  }

  @PublicWith('token')
  @Limit('codes')
  @Post('auth/email/confirm-change')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Confirm a changed address',
    description:
      'Send the `token` of the link, or, signed in, the `code`. The previous address is told, and can undo the change for 72 hours.',
    operationId: 'confirmEmailChange',
  })
  @ApiNoContentResponse({ description: 'The address has changed, and is verified.' })
  @ApiProblems(ValidationFailed, CodeInvalid, CodeExpired, EmailTaken)
  async confirmChange(
    @Body() { token, code }: ConfirmChangeRequest,
    @CurrentClient() client: ClientContext,
    @CurrentPrincipal() principal?: Principal,
  ): Promise<void> {
    const evidence =
      token === undefined ? { userId: principal?.userId as string, code: code as string } : evidenceOf({ token });
    await this.change.confirm(evidence, client);
  }

  @Public()
  @Limit('codes')
  @Post('auth/email/undo-change')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Undo a change of your address',
    description: 'Restores the previous address, to which the link was sent, and ends all sessions.',
    operationId: 'undoEmailChange',
  })
  @ApiNoContentResponse({ description: 'The previous address is restored.' })
  @ApiProblems(ValidationFailed, CodeInvalid, CodeExpired, EmailTaken)
  async undoChange(@Body() { token }: UndoChangeRequest, @CurrentClient() client: ClientContext): Promise<void> {
    await this.change.undo(token, client);
  }
}
