import { Body, Controller, Delete, HttpCode, Post, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { SessionCookieHeader } from '../auth/access/session-cookie-header.js';
import { CurrentPasswordMember } from '../auth/step-up/current-password.member.js';
import { MayNeedStepUp } from '../auth/step-up/recent-auth.decorators.js';
import { type ClientContext, CurrentClient } from '../http/client-context.js';
import { CurrentPrincipal, type Principal } from '../http/principal.js';
import { DeviceCookie } from '../lockout/device-cookie.js';
import { TooManyAttempts } from '../lockout/too-many-attempts.js';
import { Busy, PasswordRejected, WrongPassword } from '../passwords/passwords.errors.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { Text } from '../problems/validation.js';
import { Limit } from '../rate-limits/limit.decorator.js';
import { CookieSessions } from '../sessions/cookie-sessions.js';
import { Account } from './account.js';

class ChangePasswordRequest {
  @CurrentPasswordMember()
  current_password?: string;

  @ApiProperty({ format: 'password', minLength: 8, maxLength: 256, example: 'another horse, another staple' })
  @Text()
  new_password!: string;
}

class DeleteUserRequest {
  @CurrentPasswordMember()
  password?: string;
}

@ApiTags('Users')
@Controller('users/me')
export class AccountController {
  constructor(
    private readonly account: Account,
    private readonly cookieSessions: CookieSessions,
    private readonly cookie: SessionCookieHeader,
    private readonly devices: DeviceCookie,
  ) {}

  @Limit('password_changes')
  @Post('password')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Change the password',
    description:
      "Ends the user's other sessions. The current session continues; a cookie session gets a new cookie and a new CSRF token, and its access tokens end.",
    operationId: 'changePassword',
  })
  @ApiNoContentResponse({ description: 'The password is changed.' })
  @MayNeedStepUp()
  @ApiProblems(ValidationFailed, WrongPassword, TooManyAttempts, PasswordRejected, Busy)
  async changePassword(
    @CurrentPrincipal() principal: Principal,
    @CurrentClient() client: ClientContext,
    @Body() body: ChangePasswordRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { current_password: password, new_password: next } = body;
    const session = await this.account.changePassword(principal, client, { password }, next);
    if (session) this.cookie.set(reply, this.cookieSessions.codec.encode(session.id));
    this.devices.set(reply, this.devices.issue(principal.userId, client));
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete the user',
    description: "Also deletes the user's sessions and all other data of the user. It cannot be undone.",
    operationId: 'deleteMe',
  })
  @ApiNoContentResponse({ description: 'The user is deleted.' })
  @MayNeedStepUp()
  @ApiProblems(ValidationFailed, WrongPassword, TooManyAttempts, Busy)
  async deleteMe(
    @CurrentPrincipal() principal: Principal,
    @CurrentClient() client: ClientContext,
    @Body() body: DeleteUserRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.account.delete(principal, client, { password: body.password });
    if (principal.transport === 'cookie') this.cookie.clear(reply);
  }
}
