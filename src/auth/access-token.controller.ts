import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type ClientContext, CurrentClient } from '../http/client-context.js';
import { CurrentPrincipal, type Principal } from '../http/principal.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { Limit } from '../rate-limits/limit.decorator.js';
import { LIMIT_HEADERS } from '../rate-limits/limit-headers.js';
import { CookieTokens } from '../sessions/cookie-tokens.js';
import { SessionRevoked } from '../sessions/session.errors.js';
import { CookieRequired } from './auth.errors.js';
import { AccessTokenResponse } from './tokens.response.js';

@ApiTags('Auth')
@Controller('auth/token')
export class AccessTokenController {
  constructor(private readonly tokens: CookieTokens) {}

  @Limit('tokens')
  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Get an access token for a cookie session',
    description:
      'For pages that call an API on another host. The token belongs to the session of the cookie and ends with it. There is no refresh token: call this again. Requires the cookie and `X-CSRF-Token`; an access token is refused, because it could renew itself.',
    operationId: 'issueToken',
  })
  @ApiOkResponse({ description: 'An access token of the session.', type: AccessTokenResponse, headers: LIMIT_HEADERS })
  @ApiProblems(CookieRequired, SessionRevoked)
  async issue(
    @CurrentPrincipal() { transport, sessionId, userId }: Principal,
    @CurrentClient() client: ClientContext,
  ): Promise<AccessTokenResponse> {
    if (transport !== 'cookie') throw new CookieRequired();
    return AccessTokenResponse.of(await this.tokens.issue({ sessionId, userId }, client));
  }
}
