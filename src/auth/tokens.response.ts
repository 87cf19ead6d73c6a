import { ApiProperty } from '@nestjs/swagger';
import type { IssuedAccessToken } from '../sessions/cookie-tokens.js';
import type { IssuedTokens } from '../sessions/sessions.service.js';
import { ACCESS_TOKEN_EXAMPLE, REFRESH_TOKEN_EXAMPLE } from './token-examples.js';

/** RFC 6749 §5.1. */
export class AccessTokenResponse {
  @ApiProperty({ description: 'A JWT (RFC 9068). Send it as `Authorization: Bearer`.', example: ACCESS_TOKEN_EXAMPLE })
  access_token!: string;

  @ApiProperty({ example: 'Bearer' })
  token_type!: 'Bearer';

  @ApiProperty({ description: 'Seconds until the access token expires.', example: 300 })
  expires_in!: number;

  static of({ accessToken, accessExpiresInSeconds }: IssuedAccessToken): AccessTokenResponse {
    return { access_token: accessToken, token_type: 'Bearer', expires_in: accessExpiresInSeconds };
  }
}

/** RFC 6749 §5.1, with the lifetime of the refresh token. */
export class TokensResponse extends AccessTokenResponse {
  @ApiProperty({
    description: 'Opaque. Send it to `POST /auth/refresh` for new tokens.',
    example: REFRESH_TOKEN_EXAMPLE,
  })
  refresh_token!: string;

  @ApiProperty({ description: 'Seconds until the refresh token expires.', example: 1209600 })
  refresh_expires_in!: number;

  static override of(tokens: IssuedTokens): TokensResponse {
    return {
      ...AccessTokenResponse.of(tokens),
      refresh_token: tokens.refreshToken,
      refresh_expires_in: tokens.refreshExpiresInSeconds,
    };
  }
}
