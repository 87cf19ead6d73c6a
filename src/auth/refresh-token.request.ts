import { ApiProperty } from '@nestjs/swagger';
import { Omittable, Text } from '../problems/validation.js';

/** A placeholder in examples. The pages under /docs replace it by the refresh token of the last response. */
const LAST_REFRESH_TOKEN = '{{refresh_token}}';

export const REFRESH_EXAMPLES = {
  last: {
    summary: 'The refresh token of the last response (these pages remember it)',
    value: { refresh_token: LAST_REFRESH_TOKEN },
  },
};

export const LOGOUT_EXAMPLES = {
  access_token: { summary: 'With the access token of "Authorize"', value: {} },
  refresh_token: {
    summary: 'With the refresh token of the last response (these pages remember it)',
    value: { refresh_token: LAST_REFRESH_TOKEN },
  },
};

export class RefreshRequest {
  @ApiProperty({ required: false, description: 'Can be sent as `Authorization: Bearer` instead.' })
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
