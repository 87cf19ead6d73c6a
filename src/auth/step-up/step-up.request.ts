import { ApiProperty } from '@nestjs/swagger';
import { type AssertionCredential, PasskeyMember } from '../../passkeys/credential.js';
import { ValidationFailed } from '../../problems/http.errors.js';
import { Omittable, Text, unknownMember } from '../../problems/validation.js';

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

  @ApiProperty({
    required: false,
    example: 'ABCDEF-GHJKLM-NPQRST-UVWXYZ',
    description: 'A recovery code. It works once.',
  })
  @Omittable()
  @Text()
  recovery_code?: string;

  @PasskeyMember({ isRequired: false })
  passkey?: AssertionCredential;

  /** See BodyPipe. */
  missing(): string[] {
    return this.#sent.length === 0 ? [STEP_UP_METHODS[0]] : [];
  }

  /** @throws ValidationFailed if there is more than one */
  get method(): StepUpMethod {
    const [method, other] = this.#sent;
    if (other === undefined) return method as StepUpMethod;
    throw new ValidationFailed({ faults: [unknownMember(other, [method as string])] });
  }

  get #sent(): StepUpMethod[] {
    return STEP_UP_METHODS.filter((name) => this[name] !== undefined);
  }
}
