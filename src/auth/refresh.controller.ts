import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { clientContextOf } from '../http/client-context.js';
import { Public } from '../http/public.decorator.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { Limit } from '../rate-limits/limit.decorator.js';
import { SessionRevoked } from '../sessions/session.errors.js';
import { RefreshTokenExpired, RefreshTokenInvalid, RefreshTokenReused } from '../sessions/sessions.errors.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { bearerToken } from './access/bearer-token.js';
import { REFRESH_EXAMPLES, RefreshRequest } from './credentials.request.js';
import { TokensResponse } from './tokens.response.js';

@ApiTags('Auth')
@Controller()
export class RefreshController {
  constructor(private readonly sessions: SessionsService) {}

  @Public()
  @Limit('refreshes')
  @Post(['auth/refresh', 'refresh'])
  @HttpCode(200)
  @ApiBearerAuth()
  @ApiOperation({
    summary: 'Take a refresh token for new tokens',
    description:
      'The refresh token is rotated. A retry with the old one within `REFRESH_GRACE` gets the same new one again; later, it ends the session.',
    operationId: 'refresh',
  })
  @ApiBody({ type: RefreshRequest, required: false, examples: REFRESH_EXAMPLES })
  @ApiOkResponse({ description: 'The next tokens of the session.', type: TokensResponse })
  @ApiProblems(ValidationFailed, RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenReused, SessionRevoked)
  async refresh(@Req() request: FastifyRequest, @Body() body: RefreshRequest): Promise<TokensResponse> {
    const token = body.refresh_token ?? bearerToken(request.headers);
    if (token === undefined) throw new RefreshTokenInvalid({ tokenPresented: false });
    return TokensResponse.of(await this.sessions.refresh(token, clientContextOf(request)));
  }
}
