import { Body, Controller, Delete, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DeviceCookie } from '../abuse/device-cookie.js';
import { Limit } from '../abuse/limit.decorator.js';
import { TooManyAttempts } from '../abuse/too-many-attempts.js';
import { ApiAuthenticated } from '../access/api-authenticated.decorator.js';
import { CurrentPrincipal, type Principal } from '../access/principal.js';
import { CsrfFailed } from '../access/session.errors.js';
import { callerOf } from '../audit/caller.js';
import { Busy, PasswordRejected, WrongPassword } from '../passwords/passwords.errors.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { Text } from '../problems/validation.js';
import { CookieSessions } from '../sessions/cookie-sessions.js';
import { Account } from './account.js';
import { SessionCookieHeader } from './session-cookie-header.js';

class ChangePasswordRequest {
  @ApiProperty({ format: 'password', example: 'correct horse battery staple' })
  @Text()
  current_password!: string;

  @ApiProperty({ format: 'password', minLength: 8, maxLength: 256, example: 'another horse, another staple' })
  @Text()
  new_password!: string;
}

class DeleteUserRequest {
  @ApiProperty({ format: 'password', example: 'correct horse battery staple' })
  @Text()
  password!: string;
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
      'Every other session of the user ends; this one goes on, a cookie session under a new cookie and a new CSRF token.',
    operationId: 'changePassword',
  })
  @ApiNoContentResponse({ description: 'The password is changed.' })
  @ApiAuthenticated(ValidationFailed, CsrfFailed, WrongPassword, TooManyAttempts, PasswordRejected, Busy)
  async changePassword(
    @CurrentPrincipal() principal: Principal,
    @Req() request: FastifyRequest,
    @Body() body: ChangePasswordRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const caller = { ...principal, ...callerOf(request), ip: request.ip };
    const session = await this.account.changePassword(caller, body.current_password, body.new_password);
    if (session) this.cookie.set(reply, this.cookieSessions.codec.encode(session.id));
    this.devices.remember(principal.userId, request, reply);
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete the user',
    description: 'With every session and all else that hangs on the user. It can not be taken back.',
    operationId: 'deleteMe',
  })
  @ApiNoContentResponse({ description: 'The user is gone.' })
  @ApiAuthenticated(ValidationFailed, CsrfFailed, WrongPassword, TooManyAttempts, Busy)
  async deleteMe(
    @CurrentPrincipal() principal: Principal,
    @Req() request: FastifyRequest,
    @Body() body: DeleteUserRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.account.delete({ ...principal, ...callerOf(request), ip: request.ip }, body.password);
    if (principal.transport === 'cookie') this.cookie.clear(reply);
  }
}
