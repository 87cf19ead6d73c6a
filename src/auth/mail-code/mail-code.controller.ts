import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CodeExpired, CodeInvalid } from '../../codes/codes.errors.js';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { Public } from '../../http/public.decorator.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { NotFound, ValidationFailed } from '../../problems/http.errors.js';
import { ValidBodyFirst } from '../../problems/valid-body.guard.js';
import { Limit } from '../../rate-limits/limit.decorator.js';
import type { CookieSessionResponse } from '../cookie-session.response.js';
import { AddressRequest } from '../email/email.requests.js';
import { SignIn } from '../sign-in.js';
import { SignInResponder } from '../sign-in.responder.js';
import { SignInRoute } from '../sign-in-route.decorator.js';
import type { TokensResponse } from '../tokens.response.js';
import { MailCodeLoginRequest } from './mail-code-login.request.js';
import { MailSignIn } from './mail-sign-in.js';

@ApiTags('Auth')
@Controller('auth/mail-code')
export class MailCodeController {
  constructor(
    private readonly mailSignIn: MailSignIn,
    private readonly signIn: SignIn,
    private readonly responder: SignInResponder,
  ) {}

  @Public()
  @Limit('mail_requests')
  @ValidBodyFirst(AddressRequest)
  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Request a mail to sign in with',
    description:
      'The response is the same whether or not there is a user with this address. Off unless `MAIL_SIGN_IN=on`. The newest mail counts.',
    operationId: 'requestMailCode',
  })
  @ApiAcceptedResponse({ description: 'If there is such a user, a mail with a link and a code is on its way.' })
  @ApiProblems(ValidationFailed, NotFound)
  async request(@Body() { email }: AddressRequest): Promise<void> {
    await this.mailSignIn.request(email);
  }

  @Post('login')
  @SignInRoute(MailCodeLoginRequest, NotFound, CodeInvalid, CodeExpired)
  @ApiOperation({
    summary: 'Log in with a code from a mail',
    description: 'Send the `token` of the link, or the `email` and the `code`. Each works once, for 10 minutes.',
    operationId: 'loginWithMailCode',
  })
  async login(
    @Body() body: MailCodeLoginRequest,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensResponse | CookieSessionResponse> {
    const proof = await this.mailSignIn.prove(body.evidence, client);
    return this.responder.of(await this.signIn.complete(proof, client, body.transport ?? 'bearer'), reply);
  }
}
