import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Public } from '../access/public.decorator.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import type { PublicJwk } from './jwk.js';
import { SigningKeys } from './signing-keys.js';

class JwkResponse implements PublicJwk {
  @ApiProperty({ example: 'EC' })
  kty!: string;

  @ApiProperty({ required: false, example: 'P-256' })
  crv?: string;

  @ApiProperty({ required: false, example: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU' })
  x?: string;

  @ApiProperty({ required: false, example: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' })
  y?: string;

  @ApiProperty({ example: 'sig' })
  use!: 'sig';

  @ApiProperty({ example: 'ES256' })
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
  @Get('jwks.json')
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({
    summary: 'Show the keys that verify access tokens',
    description: 'A JWK Set (RFC 7517) for any JWT library. May be cached for five minutes.',
    operationId: 'showKeys',
  })
  @ApiOkResponse({ description: 'A JWK Set (RFC 7517).', type: JwksResponse })
  @ApiProblems()
  show(): JwksResponse {
    return this.keys.publicKeys();
  }
}
