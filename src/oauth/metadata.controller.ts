import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Config } from '../config/config.js';
import { Public } from '../http/public.decorator.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';

/** Authorization server metadata (RFC 8414 §2). Members without a value are omitted (§3.2). */
class MetadataResponse {
  @ApiProperty({ example: 'https://auth.example.com' })
  issuer!: string;

  @ApiProperty({ example: 'https://auth.example.com/.well-known/jwks.json' })
  jwks_uri!: string;

  @ApiProperty({ example: 'https://auth.example.com/oauth/introspect' })
  introspection_endpoint!: string;

  @ApiProperty({ type: [String], example: ['client_secret_basic'] })
  introspection_endpoint_auth_methods_supported!: string[];

  @ApiProperty({ example: 'https://auth.example.com/oauth/revoke' })
  revocation_endpoint!: string;

  @ApiProperty({ type: [String], example: ['client_secret_basic'] })
  revocation_endpoint_auth_methods_supported!: string[];

  @ApiProperty({ example: 'https://auth.example.com/docs' })
  service_documentation!: string;

  @ApiProperty({ type: [String], example: ['en', 'es'] })
  ui_locales_supported!: string[];
}

@ApiTags('Service')
@Controller('.well-known')
export class MetadataController {
  readonly #metadata: MetadataResponse;

  constructor({ publicUrl }: Config) {
    this.#metadata = {
      issuer: publicUrl,
      jwks_uri: `${publicUrl}/.well-known/jwks.json`,
      introspection_endpoint: `${publicUrl}/oauth/introspect`,
      introspection_endpoint_auth_methods_supported: ['client_secret_basic'],
      revocation_endpoint: `${publicUrl}/oauth/revoke`,
      revocation_endpoint_auth_methods_supported: ['client_secret_basic'],
      service_documentation: `${publicUrl}/docs`,
      ui_locales_supported: ['en', 'es'],
    };
  }

  @Public()
  @Get('oauth-authorization-server')
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({
    summary: 'Show the authorization server metadata',
    description:
      'RFC 8414, as far as there is something to describe: no OAuth grant is served, so no response or grant type is named.',
    operationId: 'showMetadata',
  })
  @ApiOkResponse({ description: 'The metadata.', type: MetadataResponse })
  @ApiProblems()
  show(): MetadataResponse {
    return this.#metadata;
  }
}
