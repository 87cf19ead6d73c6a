import { Body, Controller, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiCookieAuth,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientContextOf } from '../http/client-context.js';
import { Public } from '../http/public.decorator.js';
import { TooManyAttempts } from '../lockout/too-many-attempts.js';
import { Busy, PasswordRejected } from '../passwords/passwords.errors.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { Limit } from '../rate-limits/limit.decorator.js';
import { CsrfFailed, SessionInvalid, SessionRevoked } from '../sessions/session.errors.js';
import { RefreshTokenInvalid } from '../sessions/sessions.errors.js';
import { TokenMalformed, TokenMissing } from '../tokens/token.errors.js';
import type { User } from '../users/user.entity.js';
import { UserResponse } from '../users/user.response.js';
import { EmailTaken, UsernameTaken } from '../users/users.errors.js';
import { CSRF_HEADER } from './access/api-authenticated.decorator.js';
import { InvalidCredentials, RegistrationClosed } from './auth.errors.js';
import { CookieSessionResponse } from './cookie-session.response.js';
import { LOGOUT_EXAMPLES, LoginRequest, LogoutRequest, RegisterRequest } from './credentials.request.js';
import { Logout } from './logout.js';
import { LocalGuard } from './password/local.guard.js';
import { Login } from './password/login.js';
import { Registration } from './password/registration.js';
import { TokensResponse } from './tokens.response.js';

@ApiTags('Auth')
@Controller()
export class AuthController {
  constructor(
    private readonly registration: Registration,
    private readonly loginService: Login,
    private readonly logoutService: Logout,
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
    @Req() request: FastifyRequest,
    @Body() body: RegisterRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserResponse> {
    const user = await this.registration.register(body, { ...clientContextOf(request), ip: request.ip });
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
    description:
      'By `username` or `email`; where both are given they must be the same user. With `transport: cookie` the session is carried by a cookie, for pages of this service and of `CORS_ORIGINS`.',
    operationId: 'login',
  })
  @ApiBody({ type: LoginRequest })
  @ApiExtraModels(TokensResponse, CookieSessionResponse)
  @ApiOkResponse({
    description: 'A new session: its tokens, or what belongs to its cookie.',
    schema: { oneOf: [TokensResponse, CookieSessionResponse].map((model) => ({ $ref: getSchemaPath(model) })) },
    headers: {
      'Set-Cookie': {
        description: 'With `transport: cookie`, the session; and a cookie by which this device is known later.',
        schema: { type: 'string' },
      },
    },
  })
  @ApiProblems(ValidationFailed, InvalidCredentials, SessionRevoked, CsrfFailed, TooManyAttempts, Busy)
  async login(
    @Req() request: FastifyRequest<{ Body: LoginRequest }> & { user: User },
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensResponse | CookieSessionResponse> {
    if (request.body.transport !== 'cookie') return await this.loginService.withTokens(request, reply, request.user);
    return await this.loginService.withCookie(request, reply, request.user);
  }

  @Public()
  @Post(['auth/logout', 'logout'])
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiCookieAuth()
  @ApiHeader(CSRF_HEADER)
  @ApiOperation({
    summary: 'End a session',
    description:
      'By its access token, which may have expired, its refresh token, or its cookie with `X-CSRF-Token`. Its access tokens die with it; a cookie is cleared.',
    operationId: 'logout',
  })
  @ApiBody({ type: LogoutRequest, required: false, examples: LOGOUT_EXAMPLES })
  @ApiNoContentResponse({ description: 'The session has ended, now or before.' })
  @ApiProblems(ValidationFailed, TokenMissing, TokenMalformed, RefreshTokenInvalid, SessionInvalid, CsrfFailed)
  async logout(
    @Req() request: FastifyRequest,
    @Body() body: LogoutRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.logoutService.logout(request, reply, body.refresh_token);
  }
}
