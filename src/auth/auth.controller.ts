import { Body, Controller, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DeviceCookie } from '../abuse/device-cookie.js';
import { Limit } from '../abuse/limit.decorator.js';
import { TooManyAttempts } from '../abuse/too-many-attempts.js';
import { Public } from '../access/public.decorator.js';
import { TokenMalformed, TokenMissing } from '../access/token.errors.js';
import { Busy, PasswordRejected } from '../passwords/passwords.errors.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { RefreshTokenInvalid, SessionRevoked } from '../sessions/sessions.errors.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { User } from '../users/user.entity.js';
import { UserResponse } from '../users/user.response.js';
import { EmailTaken, UsernameTaken } from '../users/users.errors.js';
import { InvalidCredentials, RegistrationClosed } from './auth.errors.js';
import { bearerToken } from './bearer-token.js';
import { LOGOUT_EXAMPLES, LoginRequest, LogoutRequest, RegisterRequest } from './credentials.request.js';
import { LocalGuard } from './local.guard.js';
import { Logout } from './logout.js';
import { Registration } from './registration.js';
import { TokensResponse } from './tokens.response.js';

@ApiTags('Auth')
@Controller()
export class AuthController {
  constructor(
    private readonly registration: Registration,
    private readonly sessions: SessionsService,
    private readonly logoutService: Logout,
    private readonly devices: DeviceCookie,
  ) {}

  @Public()
  @Limit('registrations')
  @Post(['auth/register', 'register'])
  @ApiOperation({
    summary: 'Make an account',
    description:
      'Usernames and emails are unique, whatever their case and Unicode form: `Ana` and `ana` are one. What must be given is `REGISTRATION_REQUIRES`.',
    operationId: 'register',
  })
  @ApiCreatedResponse({
    description: 'The new user.',
    type: UserResponse,
    headers: { Location: { description: 'Where the user is shown.', schema: { type: 'string' } } },
  })
  @ApiProblems(ValidationFailed, RegistrationClosed, UsernameTaken, EmailTaken, PasswordRejected, Busy)
  async register(
    @Req() { ip }: FastifyRequest,
    @Body() body: RegisterRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserResponse> {
    const user = await this.registration.register(body, ip);
    reply.header('Location', '/users/me');
    return UserResponse.of(user);
  }

  @Public()
  @UseGuards(LocalGuard)
  @Limit('logins')
  @Post(['auth/login', 'login'])
  @HttpCode(200)
  @ApiOperation({
    summary: 'Log in with a name and a password',
    description: 'By `username` or `email`; where both are given they must be the same user.',
    operationId: 'login',
  })
  @ApiBody({ type: LoginRequest })
  @ApiOkResponse({ description: 'The tokens of a new session.', type: TokensResponse })
  @ApiProblems(ValidationFailed, InvalidCredentials, SessionRevoked, TooManyAttempts, Busy)
  async login(
    @Req() request: FastifyRequest & { user: User },
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensResponse> {
    const caller = { ip: request.ip, userAgent: request.headers['user-agent'] };
    const tokens = await this.sessions.start(request.user, caller);
    this.devices.remember(request.user.id, request, reply);
    return TokensResponse.of(tokens);
  }

  @Public()
  @Post(['auth/logout', 'logout'])
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({
    summary: 'End a session',
    description: 'By its access token, which may have expired, or its refresh token. Its access tokens die with it.',
    operationId: 'logout',
  })
  @ApiBody({ type: LogoutRequest, required: false, examples: LOGOUT_EXAMPLES })
  @ApiNoContentResponse({ description: 'The session has ended, now or before.' })
  @ApiProblems(ValidationFailed, TokenMissing, TokenMalformed, RefreshTokenInvalid)
  async logout(@Req() request: FastifyRequest, @Body() body: LogoutRequest): Promise<void> {
    await this.logoutService.logout({
      accessToken: bearerToken(request.headers),
      refreshToken: body.refresh_token,
    });
  }
}
