import { ApiProperty } from '@nestjs/swagger';
import { Omittable, Text } from '../problems/validation.js';
import type { Transport } from '../sessions/session.entity.js';

const isTransport = (value: string) => value === 'bearer' || value === 'cookie';

/** What the body of every sign-in has beside the evidence of its credential. */
export abstract class SignInRequest {
  @ApiProperty({
    required: false,
    enum: ['bearer', 'cookie'],
    default: 'bearer',
    description: 'How the session is carried.',
  })
  @Omittable()
  @Text('transport_unknown', isTransport)
  transport?: Transport;
}
