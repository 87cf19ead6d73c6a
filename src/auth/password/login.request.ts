import { ApiProperty } from '@nestjs/swagger';
import { Omittable, Text } from '../../problems/validation.js';
import { SignInRequest } from '../sign-in.request.js';

const isNotEmpty = (value: string) => value !== '';

/** A name and a password. A username with `@` may be an email address. Two names must belong to the same user. */
export class LoginRequest extends SignInRequest {
  @ApiProperty({
    required: false,
    example: 'sofia',
    description: 'Required without `email`. With `@` it is tried as an email address too.',
  })
  @Omittable()
  @Text('empty', isNotEmpty)
  username?: string;

  @ApiProperty({ required: false, example: 'sofia@example.com', description: 'Required without `username`.' })
  @Omittable()
  @Text('empty', isNotEmpty)
  email?: string;

  @ApiProperty({ format: 'password', example: 'correct horse battery staple' })
  @Text('empty', isNotEmpty)
  password!: string;

  /** See BodyPipe. */
  missing(): string[] {
    return this.username === undefined && this.email === undefined ? ['username'] : [];
  }

  /** The field in which passport-local expects the name. */
  get identifier(): string | undefined {
    return this.username ?? this.email;
  }
}
