import { ApiProperty } from '@nestjs/swagger';
import type { Language } from '../problems/language.js';
import type { User } from './user.entity.js';

/** A user in responses. */
export class UserResponse {
  @ApiProperty({ format: 'uuid', example: '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001' })
  id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'sofia' })
  username!: string | null;

  @ApiProperty({ type: String, format: 'email', nullable: true, example: 'sofia@example.com' })
  email!: string | null;

  @ApiProperty({ example: false })
  email_verified!: boolean;

  @ApiProperty({ enum: ['en', 'es'], example: 'en', description: 'The language of mails.' })
  language!: Language;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  updated_at!: string;

  static of(
    user: Pick<User, 'id' | 'username' | 'email' | 'emailVerified' | 'language' | 'createdAt' | 'updatedAt'>,
  ): UserResponse {
    return {
      id: user.id,
      username: user.username,
      email: user.email,
      email_verified: user.emailVerified,
      language: user.language,
      created_at: user.createdAt.toISOString(),
      updated_at: user.updatedAt.toISOString(),
    };
  }
}
