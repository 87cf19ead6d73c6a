import { ApiProperty } from '@nestjs/swagger';
import { Omittable, Text } from '../problems/validation.js';

/** Stands in examples for the refresh token that the last answer gave; the pages under /docs put it in. */
const LAST_REFRESH_TOKEN = '{{refresh_token}}';

export const REFRESH_EXAMPLES = {
  last: {
    summary: 'The refresh token of the last answer (these pages remember it)',
    value: { refresh_token: LAST_REFRESH_TOKEN },
  },
};

export const LOGOUT_EXAMPLES = {
  access_token: { summary: 'By the access token of "Authorize"', value: {} },
  refresh_token: {
    summary: 'By the refresh token of the last answer (these pages remember it)',
    value: { refresh_token: LAST_REFRESH_TOKEN },
  },
};

export class RefreshRequest {
  @ApiProperty({ required: false, description: 'May be sent as `Authorization: Bearer` instead.' })
  @Omittable()
  @Text()
  refresh_token?: string;
}

export class LogoutRequest {
  @ApiProperty({
    required: false,
    description: 'Instead of an access token in `Authorization: Bearer`, or a session cookie.',
  })
  @Omittable()
  @Text()
  refresh_token?: string;
}
