import { Controller, Delete, Get, HttpCode, Param, Query, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { SessionCookieHeader } from '../auth/access/session-cookie-header.js';
import { type ClientContext, CurrentClient } from '../http/client-context.js';
import { CurrentPrincipal, type Principal } from '../http/principal.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { unknownMember } from '../problems/validation.js';
import { SessionNotFound } from '../sessions/sessions.errors.js';
import { UserSessions } from '../sessions/user-sessions.js';
import { SessionsResponse } from './sessions.response.js';

@ApiTags('Auth')
@Controller('auth/sessions')
export class SessionsController {
  constructor(
    private readonly sessions: UserSessions,
    private readonly cookie: SessionCookieHeader,
  ) {}

  @Get()
  @ApiProblems()
  @ApiOperation({
    summary: 'List your sessions',
    description: 'Only live sessions, newest first.',
    operationId: 'listSessions',
  })
  @ApiOkResponse({ description: 'The sessions.', type: SessionsResponse })
  async list(@CurrentPrincipal() { userId, sessionId }: Principal): Promise<SessionsResponse> {
    return SessionsResponse.of(await this.sessions.list(userId), sessionId);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiProblems(SessionNotFound)
  @ApiOperation({
    summary: 'End one of your sessions',
    description: 'Revokes all its tokens. The current session is allowed too.',
    operationId: 'endSession',
  })
  @ApiParam({
    name: 'id',
    description: 'The `id` of a session in the list.',
    schema: { type: 'string', format: 'uuid' },
  })
  @ApiNoContentResponse({ description: 'The session has ended, or had already ended.' })
  async end(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.sessions.end(principal.userId, id, client);
    if (id.toLowerCase() === principal.sessionId) this.#forget(principal, reply);
  }

  @Delete()
  @HttpCode(204)
  @ApiProblems(ValidationFailed)
  @ApiOperation({
    summary: 'End all your sessions',
    description: 'Also ends the current session, unless `keep` is `current`.',
    operationId: 'endSessions',
  })
  @ApiQuery({
    name: 'keep',
    required: false,
    description: '`current` keeps the session of this request.',
    schema: { type: 'string', enum: ['current'] },
  })
  @ApiNoContentResponse({ description: 'The sessions have ended.' })
  async endAll(
    @CurrentPrincipal() principal: Principal,
    @Query() query: Record<string, unknown>,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { keep, ...others } = query;
    // A misspelt `keep` must not end the current session.
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw new ValidationFailed({ faults: [unknownMember(unknown, ['keep'])] });
    if (keep !== undefined && keep !== 'current') {
      throw new ValidationFailed({ faults: [{ pointer: '/keep', code: 'keep_unknown' }] });
    }
    await this.sessions.endAll(principal.userId, keep && principal.sessionId, client);
    if (keep === undefined) this.#forget(principal, reply);
  }

  #forget({ transport }: Principal, reply: FastifyReply): void {
    if (transport === 'cookie') this.cookie.clear(reply);
  }
}
