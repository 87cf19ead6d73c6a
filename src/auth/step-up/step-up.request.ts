import { ApiProperty } from '@nestjs/swagger';
import { type AssertionCredential, PasskeyMember } from '../../passkeys/credential.js';
import { ValidationFailed } from '../../problems/http.errors.js';
import { Omittable, Text } from '../../problems/validation.js';

/** What a step-up accepts as evidence. */
export const STEP_UP_METHODS = ['password', 'totp', 'recovery_code', 'passkey'] as const;

export type StepUpMethod = (typeof STEP_UP_METHODS)[number];

/** Exactly one of the members. */
export class StepUpRequest {
  @ApiProperty({ required: false, format: 'password', example: 'correct horse battery staple' })
  @Omittable()
  @Text()
  password?: string;

  @ApiProperty({ required: false, example: '287082', description: 'The code of an authenticator app.' })
  @Omittable()
  @Text()
  totp?: string;

  @ApiProperty({ required: false, example: 'ABCDE-FGHJK', description: 'A recovery code. It works once.' })
  @Omittable()
  @Text()
  recovery_code?: string;

  @PasskeyMember({ isRequired: false })
  passkey?: AssertionCredential;

  /** @throws ValidationFailed unless exactly one member was sent */
  get method(): StepUpMethod {
    const [method, ...others] = STEP_UP_METHODS.filter((name) => this[name] !== undefined);
    if (method !== undefined && others.length === 0) return method;
    const values = { fields: STEP_UP_METHODS.join(', ') };
    throw new ValidationFailed({ faults: [{ pointer: '', code: 'not_exactly_one', values }] });
  }
}
