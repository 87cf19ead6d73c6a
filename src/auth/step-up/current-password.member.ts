import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Omittable, Text } from '../../problems/validation.js';

/** The current password in the body of a sensitive change; see SensitiveChanges. */
export function CurrentPasswordMember(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({
      required: false,
      format: 'password',
      example: 'correct horse battery staple',
      description:
        'The current password. Required, unless the user has a second factor or no password: then the session must have authenticated within `STEP_UP_TTL`, with the second factor if there is one.',
    }),
    Omittable(),
    Text(),
  );
}
