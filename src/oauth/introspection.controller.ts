import { Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBasicAuth, ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Public } from '../http/public.decorator.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { AuthError } from '../problems/auth-error.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { LIMIT_HEADERS } from '../rate-limits/limit-headers.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { ClientGuard } from './client.guard.js';
import { InvalidClient } from './oauth.errors.js';
import { type FormRequest, readToken, TOKEN_FORM } from './token.request.js';

class IntrospectionResponse {
  @ApiProperty({
    description: 'Whether it is a valid access token of this service. If not, there are no other members.',
  })
  active!: boolean;

  @ApiProperty({ required: false, example: 'Bearer' })
  token_type?: string;

  @ApiProperty({ required: false, description: 'The username, else the email.', example: 'sofia' })
  username?: string;

  @ApiProperty({ required: false, description: 'The user id.' })
  sub?: string;

  @ApiProperty({ required: false, description: 'The session id.' })
  sid?: string;

  @ApiProperty({ required: false })
  client_id?: string;

  @ApiProperty({ required: false })
  iss?: string;

  @ApiProperty({ required: false })
  aud?: string;

  @ApiProperty({ required: false })
  jti?: string;

  @ApiProperty({ required: false, description: 'Seconds since the epoch.' })
  iat?: number;

  @ApiProperty({ required: false, description: 'Seconds since the epoch.' })
  exp?: number;

  @ApiProperty({ required: false, description: 'Seconds since the epoch.' })
  auth_time?: number;

  @ApiProperty({ required: false, type: [String], example: ['pwd'] })
  amr?: string[];
}

@ApiTags('Service')
@Controller('oauth')
export class IntrospectionController {
  constructor(private readonly liveTokens: LiveTokens) {}

  @Public()
  @UseGuards(ClientGuard)
  @RouteConfig({ form: true, limit: 'client_requests' })
  @Post('introspect')
  @HttpCode(200)
  @ApiBasicAuth()
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiOperation({
    summary: 'Introspect an access token',
    description:
      'RFC 7662, for registered clients. Refresh tokens are reported as not active, so that no service mistakes one for an access token.',
    operationId: 'introspect',
  })
  @ApiBody({ required: true, schema: TOKEN_FORM })
  @ApiOkResponse({ description: 'The claims of the token.', type: IntrospectionResponse, headers: LIMIT_HEADERS })
  @ApiProblems(ValidationFailed, InvalidClient)
  async introspect(@Req() request: FormRequest): Promise<IntrospectionResponse> {
    const token = readToken(request);
    try {
      const { preferred_username: username, ...claims } = await this.liveTokens.verify(token);
      return { active: true, token_type: 'Bearer', username, ...claims };
    } catch (error) {
      if (error instanceof AuthError && error.kind.status === 401) return { active: false };
      throw error;
    }
  }
}
