import { Body, Controller, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { Busy } from '../../passwords/passwords.errors.js';
import { InvalidCredentials } from '../auth.errors.js';
import type { CookieSessionResponse } from '../cookie-session.response.js';
import { SignIn } from '../sign-in.js';
import { SignInResponder } from '../sign-in.responder.js';
import { SignInRoute } from '../sign-in-route.decorator.js';
import type { TokensResponse } from '../tokens.response.js';
import { LoginRequest } from './login.request.js';
import { PasswordCredential } from './password-credential.js';

@ApiTags('Auth')
@Controller()
export class LoginController {
  constructor(
    private readonly password: PasswordCredential,
    private readonly signIn: SignIn,
    private readonly responder: SignInResponder,
  ) {}

  @Post(['auth/login', 'login'])
  @SignInRoute(LoginRequest, InvalidCredentials, Busy)
  @ApiOperation({
    summary: 'Log in with a password',
    description:
      'Send `username` or `email`, or both names of the same user. A form with one field for either sends its text as `username`: text with `@` is tried as an email address too. With `transport: cookie`, the response sets a session cookie, for pages of this service and of `CORS_ORIGINS`.',
    operationId: 'login',
  })
  async login(
    @Body() body: LoginRequest,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensResponse | CookieSessionResponse> {
    const proof = await this.password.proveAtLogin(body, client);
    return this.responder.of(await this.signIn.complete(proof, client, body.transport ?? 'bearer'), reply);
  }
}
