import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { describeDevice } from '../http/device.js';
import { Omittable, Text } from '../problems/validation.js';
import { canonicalText, isUsername } from '../users/identifier.js';

/** The member of a body with the name of a passkey, for which the rules of usernames apply. */
export function PasskeyName({ isRequired = true } = {}): PropertyDecorator {
  return applyDecorators(
    ApiProperty({
      required: isRequired,
      maxLength: 64,
      example: 'My phone',
      description: isRequired ? 'For the user.' : 'For the user. By default, it names the browser.',
    }),
    isRequired ? () => {} : Omittable(),
    Text('passkey_name_invalid', isUsername),
  );
}

/** The name of a new passkey. */
export function nameOf(typed: string | undefined, userAgent: string | undefined): string {
  return typed === undefined ? (describeDevice(userAgent ?? null) ?? 'Passkey') : canonicalText(typed);
}
