import { ApiProperty } from '@nestjs/swagger';
import { Omittable, Text } from '../problems/validation.js';
import { REFRESH_TOKEN_EXAMPLE } from './token-examples.js';

export const LOGOUT_EXAMPLES = {
  access_token: { summary: 'With an access token, or with a session cookie', value: {} },
  refresh_token: { summary: 'With a refresh token', value: { refresh_token: REFRESH_TOKEN_EXAMPLE } },
};

export class RefreshRequest {
  @ApiProperty({
    required: false,
    description: 'Can be sent as `Authorization: Bearer` instead.',
    example: REFRESH_TOKEN_EXAMPLE,
  })
  @Omittable()
  @Text()
  refresh_token?: string;
}

export class LogoutRequest {
  @ApiProperty({
    required: false,
    description: 'Not needed with an access token in `Authorization: Bearer`, or with a session cookie.',
  })
  @Omittable()
  @Text()
  refresh_token?: string;
}
