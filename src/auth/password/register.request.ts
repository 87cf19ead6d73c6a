import { ApiProperty } from '@nestjs/swagger';
import type { Config } from '../../config/config.js';
import { Omittable, Text } from '../../problems/validation.js';
import { isEmailAddress, isUsername } from '../../users/identifier.js';

export class RegisterRequest {
  @ApiProperty({ required: false, minLength: 1, maxLength: 64, example: 'sofia' })
  @Omittable()
  @Text('username_invalid', isUsername)
  username?: string;

  @ApiProperty({ required: false, format: 'email', maxLength: 254, example: 'sofia@example.com' })
  @Omittable()
  @Text('email_invalid', isEmailAddress)
  email?: string;

  @ApiProperty({ format: 'password', minLength: 8, maxLength: 256, example: 'correct horse battery staple' })
  @Text()
  password!: string;

  /** See BodyPipe. */
  missing({ registration, registrationRequires }: Config): string[] {
    // If registration is closed, that is the error to report.
    if (registration === 'closed') return [];
    const required = registration === 'private' ? new Set(registrationRequires).add('email') : registrationRequires;
    return [...required].filter((name) => this[name] === undefined);
  }
}
