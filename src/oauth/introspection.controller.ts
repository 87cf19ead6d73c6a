import { Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBasicAuth, ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Public } from '../http/public.decorator.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { AuthError } from '../problems/auth-error.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { ClientGuard } from './client.guard.js';
import { InvalidClient } from './oauth.errors.js';
import { type FormRequest, readToken, TOKEN_FORM } from './token.request.js';

class IntrospectionResponse {
  @ApiProperty({
    description: 'Whether it is an access token of this service, alive now. Where not, nothing else is told.',
  })
  active!: boolean;

  @ApiProperty({ required: false, example: 'Bearer' })
  token_type?: string;

  @ApiProperty({ required: false, description: 'The name of the user.', example: 'ana' })
  username?: string;

  @ApiProperty({ required: false, description: 'The id of the user.' })
  sub?: string;

  @ApiProperty({ required: false, description: 'The id of the session.' })
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
  @RouteConfig({ form: true })
  @Post('introspect')
  @HttpCode(200)
  @ApiBasicAuth()
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiOperation({
    summary: 'Say whether an access token is good',
    description:
      'RFC 7662, for registered clients. A refresh token is not active here: no service may take one for an access token.',
    operationId: 'introspect',
  })
  @ApiBody({ required: true, schema: TOKEN_FORM })
  @ApiOkResponse({ description: 'What there is to know of the token.', type: IntrospectionResponse })
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
