import { createHash } from 'node:crypto';
import { Controller, Get, Headers, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../../http/public.decorator.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import type { PublicJwk } from './jwk.js';
import { SigningKeys } from './signing-keys.js';

class JwkResponse implements PublicJwk {
  @ApiProperty({ example: 'EC', enum: ['EC', 'RSA'] })
  kty!: string;

  @ApiProperty({ required: false, example: 'P-256' })
  crv?: string;

  @ApiProperty({ required: false, example: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU' })
  x?: string;

  @ApiProperty({ required: false, example: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' })
  y?: string;

  @ApiProperty({ required: false, description: 'Of an RSA key.' })
  n?: string;

  @ApiProperty({ required: false, description: 'Of an RSA key.', example: 'AQAB' })
  e?: string;

  @ApiProperty({ example: 'sig' })
  use!: 'sig';

  @ApiProperty({ example: 'ES256', enum: ['ES256', 'RS256'] })
  alg!: string;

  @ApiProperty({ description: 'The RFC 7638 thumbprint.', example: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs' })
  kid!: string;
}

class JwksResponse {
  @ApiProperty({ type: [JwkResponse] })
  keys!: JwkResponse[];
}

@ApiTags('Service')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  @Public()
  @RouteConfig({ limit: 'key_requests' })
  @Get('jwks.json')
  @ApiOperation({
    summary: 'Show the keys that verify access tokens',
    description:
      'A JWK Set (RFC 7517) for any JWT library. May be cached for five minutes: in a scheduled rotation, a key is in it longer than that before it signs. Empty where `JWT_ALG` is `HS256`.',
    operationId: 'showKeys',
  })
  @ApiOkResponse({
    description: 'A JWK Set (RFC 7517).',
    type: JwksResponse,
    headers: { ETag: { description: 'Of this set of keys (RFC 9110 §8.8.3).', schema: { type: 'string' } } },
  })
  @ApiResponse({ status: 304, description: 'The set is the one of `If-None-Match`.' })
  @ApiProblems()
  show(
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): JwksResponse | undefined {
    const set = this.keys.publicKeys();
    const etag = `"${createHash('sha256').update(JSON.stringify(set)).digest('base64url')}"`;
    reply.header('Cache-Control', 'public, max-age=300').header('ETag', etag);
    // RFC 9110 §13.1.2: weak comparison.
    const isKnown = known?.split(',').some((tag) => ['*', etag, `W/${etag}`].includes(tag.trim()));
    if (!isKnown) return set;
    reply.status(304);
    return undefined;
  }
}
