import { ApiProperty } from '@nestjs/swagger';
import { Omittable, Text } from '../../problems/validation.js';
import { EvidenceRequest } from '../email/email.requests.js';

const isNotEmpty = (value: string) => value !== '';

export class ForgotPasswordRequest {
  @ApiProperty({ required: false, example: 'sofia@example.com', description: 'Required without `username`.' })
  @Omittable()
  @Text('empty', isNotEmpty)
  email?: string;

  @ApiProperty({ required: false, example: 'sofia', description: 'Required without `email`.' })
  @Omittable()
  @Text('empty', isNotEmpty)
  username?: string;

  /** See BodyPipe. */
  missing(): string[] {
    return this.email === undefined && this.username === undefined ? ['email'] : [];
  }
}

export class ResetPasswordRequest extends EvidenceRequest {
  @ApiProperty({ format: 'password', minLength: 8, maxLength: 256, example: 'another horse, another staple' })
  @Text()
  new_password!: string;
}
