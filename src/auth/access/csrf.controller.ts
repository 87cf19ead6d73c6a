import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal } from '../../http/principal.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { CSRF_TOKEN_EXAMPLE } from '../token-examples.js';
import { Csrf } from './csrf.js';

/** Documents the header of requests with a session cookie. */
export const CSRF_HEADER = {
  name: 'X-CSRF-Token',
  required: false,
  description: 'The `csrf_token` of the login response. Required with a session cookie only.',
};

class CsrfResponse {
  @ApiProperty({ description: 'The value for the `X-CSRF-Token` header.', example: CSRF_TOKEN_EXAMPLE })
  csrf_token!: string;
}

@ApiTags('Auth')
@Controller('auth/csrf')
export class CsrfController {
  constructor(private readonly csrf: Csrf) {}

  @Get()
  @ApiProblems()
  @ApiOperation({
    summary: 'Show the CSRF token of the session',
    description: 'The same token as in the login response. Requests with an access token need none.',
    operationId: 'showCsrfToken',
  })
  @ApiOkResponse({ description: 'The token.', type: CsrfResponse })
  show(@CurrentPrincipal() { sessionId }: Principal): CsrfResponse {
    return { csrf_token: this.csrf.tokenOf(sessionId) };
  }
}
