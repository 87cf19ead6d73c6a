import { ApiProperty } from '@nestjs/swagger';
import { Omittable, Text } from '../problems/validation.js';
import type { Transport } from '../sessions/session.entity.js';
import { isEmailAddress, isUsername } from '../users/identifier.js';

const isNotEmpty = (value: string) => value !== '';
const isTransport = (value: string) => value === 'bearer' || value === 'cookie';

export class RegisterRequest {
  @ApiProperty({ required: false, minLength: 1, maxLength: 64, example: 'ana' })
  @Omittable()
  @Text('username_invalid', isUsername)
  username?: string;

  @ApiProperty({ required: false, format: 'email', maxLength: 254, example: 'ana@example.com' })
  @Omittable()
  @Text('email_invalid', isEmailAddress)
  email?: string;

  @ApiProperty({ format: 'password', minLength: 8, maxLength: 256, example: 'correct horse battery staple' })
  @Text()
  password!: string;
}

/** A name and a password. With both names, they must be the same user's. */
export class LoginRequest {
  @ApiProperty({ required: false, example: 'ana', description: 'This or `email`.' })
  @Omittable()
  @Text('empty', isNotEmpty)
  username?: string;

  @ApiProperty({ required: false, example: 'ana@example.com', description: 'This or `username`.' })
  @Omittable()
  @Text('empty', isNotEmpty)
  email?: string;

  @ApiProperty({ format: 'password', example: 'correct horse battery staple' })
  @Text('empty', isNotEmpty)
  password!: string;

  @ApiProperty({
    required: false,
    enum: ['bearer', 'cookie'],
    default: 'bearer',
    description: 'How the session is carried.',
  })
  @Omittable()
  @Text('transport_unknown', isTransport)
  transport?: Transport;

  /** Where passport-local looks for a name. */
  get identifier(): string | undefined {
    return this.username ?? this.email;
  }
}

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
