import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CodeExpired, CodeInvalid } from '../../codes/codes.errors.js';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { Public } from '../../http/public.decorator.js';
import { Busy, PasswordRejected } from '../../passwords/passwords.errors.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { ValidationFailed } from '../../problems/http.errors.js';
import { ValidBodyFirst } from '../../problems/valid-body.guard.js';
import { Limit } from '../../rate-limits/limit.decorator.js';
import { PasswordReset } from './password-reset.js';
import { ForgotPasswordRequest, ResetPasswordRequest } from './password-reset.requests.js';

@ApiTags('Auth')
@Controller('auth/password')
export class PasswordResetController {
  constructor(private readonly reset: PasswordReset) {}

  @Public()
  @Limit('mail_requests')
  @ValidBodyFirst(ForgotPasswordRequest)
  @Post('forgot')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Request a mail to set a new password',
    description:
      'The response is the same whether or not there is such a user. The mail goes to the stored address. The newest mail counts, for 10 minutes.',
    operationId: 'forgotPassword',
  })
  @ApiAcceptedResponse({ description: 'If there is such a user, a mail with a link and a code is on its way.' })
  @ApiProblems(ValidationFailed)
  async forgot(@Body() { email, username }: ForgotPasswordRequest): Promise<void> {
    await this.reset.request({ email, username });
  }

  @Public()
  @Limit('codes')
  @Post('reset')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Set a new password with a code',
    description:
      'Send the `token` of the link, or the `email` and the `code`. Ends all sessions of the user. If the password is rejected, the code can be used again.',
    operationId: 'resetPassword',
  })
  @ApiNoContentResponse({ description: 'The password is set.' })
  @ApiProblems(ValidationFailed, CodeInvalid, CodeExpired, PasswordRejected, Busy)
  async resetPassword(@Body() body: ResetPasswordRequest, @CurrentClient() client: ClientContext): Promise<void> {
    await this.reset.reset(body.evidence, body.new_password, client);
  }
}
