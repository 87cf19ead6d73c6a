import { ApiProperty } from '@nestjs/swagger';
import { Omittable, Text } from '../../problems/validation.js';
import { SignInRequest } from '../sign-in.request.js';

const isNotEmpty = (value: string) => value !== '';

/** A name and a password. With both names, they must be the same user's. */
export class LoginRequest extends SignInRequest {
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

  /** See BodyPipe. */
  missing(): string[] {
    return this.username === undefined && this.email === undefined ? ['username'] : [];
  }

  /** Where passport-local looks for a name. */
  get identifier(): string | undefined {
    return this.username ?? this.email;
  }
}
