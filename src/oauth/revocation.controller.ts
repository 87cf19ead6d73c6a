import { Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBasicAuth, ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type ClientContext, CurrentClient } from '../http/client-context.js';
import { Public } from '../http/public.decorator.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { AuthError } from '../problems/auth-error.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { LIMIT_HEADERS } from '../rate-limits/limit-headers.js';
import { Revocations } from '../sessions/revocation/revocations.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { ClientGuard } from './client.guard.js';
import { InvalidClient } from './oauth.errors.js';
import { type FormRequest, readToken, TOKEN_FORM } from './token.request.js';

@ApiTags('Service')
@Controller('oauth')
export class RevocationController {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly sessions: SessionsService,
    private readonly revocations: Revocations,
  ) {}

  @Public()
  @UseGuards(ClientGuard)
  @RouteConfig({ form: true, limit: 'client_requests' })
  @Post('revoke')
  @HttpCode(200)
  @ApiBasicAuth()
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiOperation({
    summary: 'Revoke a token',
    description:
      'RFC 7009, for registered clients: with an access or a refresh token its session ends, and every token of it. The answer is the same where the token is unknown or its session had ended.',
    operationId: 'revoke',
  })
  @ApiBody({ required: true, schema: TOKEN_FORM })
  @ApiOkResponse({
    description: 'The session of the token has ended, or the token is unknown.',
    headers: LIMIT_HEADERS,
  })
  @ApiProblems(ValidationFailed, InvalidClient)
  async revoke(@Req() request: FormRequest, @CurrentClient() client: ClientContext): Promise<void> {
    const sessionId = this.#sessionOf(readToken(request));
    if (sessionId !== undefined) await this.revocations.revoke(sessionId, 'token_revoked', client);
  }

  #sessionOf(token: string): string | undefined {
    const readers = [
      () => this.accessTokens.verify(token, { allowExpired: true }).sid,
      () => this.sessions.sessionOf(token),
    ];
    for (const sessionOf of readers) {
      try {
        return sessionOf();
      } catch (error) {
        // Not a token of this kind. An unknown token is not an error (RFC 7009 §2.2).
        if (!(error instanceof AuthError)) throw error;
      }
    }
    return undefined;
  }
}
