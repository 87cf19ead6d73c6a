import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Omittable, Text } from '../problems/validation.js';
import type { Transport } from '../sessions/session.entity.js';

const isTransport = (value: string) => value === 'bearer' || value === 'cookie';

/** The member `transport` of every sign-in body. */
export function TransportMember(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({
      required: false,
      enum: ['bearer', 'cookie'],
      default: 'bearer',
      description: 'Whether the client gets tokens or a session cookie.',
    }),
    Omittable(),
    Text('transport_unknown', isTransport),
  );
}

/** The members of every sign-in body besides the evidence of the credential. */
export abstract class SignInRequest {
  @TransportMember()
  transport?: Transport;
}
