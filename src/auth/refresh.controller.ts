import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { type ClientContext, CurrentClient } from '../http/client-context.js';
import { Public } from '../http/public.decorator.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { Limit } from '../rate-limits/limit.decorator.js';
import { SessionRevoked } from '../sessions/session.errors.js';
import { RefreshTokenExpired, RefreshTokenInvalid, RefreshTokenReused } from '../sessions/sessions.errors.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { bearerToken } from './access/bearer-token.js';
import { RefreshRequest } from './refresh-token.request.js';
import { TokensResponse } from './tokens.response.js';

@ApiTags('Auth')
@Controller()
export class RefreshController {
  constructor(private readonly sessions: SessionsService) {}

  @Public()
  @Limit('refreshes')
  @Post(['auth/refresh', 'refresh'])
  @HttpCode(200)
  @ApiOperation({
    summary: 'Refresh tokens',
    description:
      'Rotates the refresh token. A retry with the previous refresh token within `REFRESH_GRACE` gets the same new one again. Later reuse ends the session.',
    operationId: 'refresh',
  })
  @ApiBody({ type: RefreshRequest, required: false })
  @ApiOkResponse({ description: 'The new tokens of the session.', type: TokensResponse })
  @ApiProblems(ValidationFailed, RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenReused, SessionRevoked)
  async refresh(
    @Req() { headers }: FastifyRequest,
    @CurrentClient() client: ClientContext,
    @Body() body: RefreshRequest,
  ): Promise<TokensResponse> {
    return TokensResponse.of(await this.sessions.refresh(oneToken(headers, body), client));
  }
}

/** @throws ValidationFailed if there are two different tokens; RefreshTokenInvalid if there is none */
function oneToken(headers: FastifyRequest['headers'], { refresh_token: inBody }: RefreshRequest): string {
  const inHeader = bearerToken(headers);
  if (inBody !== undefined && inHeader !== undefined && inBody !== inHeader) {
    throw new ValidationFailed({ faults: [{ pointer: '/refresh_token', code: 'two_tokens' }] });
  }
  const token = inBody ?? inHeader;
  if (token === undefined) throw new RefreshTokenInvalid({ tokenPresented: false });
  return token;
}
