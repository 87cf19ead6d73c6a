import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiCookieAuth,
  ApiHeader,
  ApiNoContentResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ClientContext, CurrentClient } from '../http/client-context.js';
import { Public } from '../http/public.decorator.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { CsrfFailed, SessionInvalid } from '../sessions/session.errors.js';
import { RefreshTokenInvalid } from '../sessions/sessions.errors.js';
import { TokenMalformed, TokenMissing } from '../tokens/token.errors.js';
import { CSRF_HEADER } from './access/csrf.controller.js';
import { Logout } from './logout.js';
import { LOGOUT_EXAMPLES, LogoutRequest } from './refresh-token.request.js';

@ApiTags('Auth')
@Controller()
export class LogoutController {
  constructor(private readonly logoutService: Logout) {}

  @Public()
  @Post(['auth/logout', 'logout'])
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiCookieAuth()
  @ApiHeader(CSRF_HEADER)
  @ApiOperation({
    summary: 'Log out',
    description:
      'Ends the session and revokes its tokens. Send its access token, which may have expired, its refresh token, or its cookie with `X-CSRF-Token`. The cookie is cleared.',
    operationId: 'logout',
  })
  @ApiBody({ type: LogoutRequest, required: false, examples: LOGOUT_EXAMPLES })
  @ApiNoContentResponse({ description: 'The session has ended, or had already ended.' })
  @ApiProblems(ValidationFailed, TokenMissing, TokenMalformed, RefreshTokenInvalid, SessionInvalid, CsrfFailed)
  async logout(
    @Req() request: FastifyRequest,
    @CurrentClient() client: ClientContext,
    @Body() body: LogoutRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.logoutService.logout(request, client, reply, body.refresh_token);
  }
}
