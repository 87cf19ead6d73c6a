import { ApiProperty } from '@nestjs/swagger';
import { type AssertionCredential, PasskeyMember } from '../../passkeys/credential.js';
import { ValidationFailed } from '../../problems/http.errors.js';
import { Flag, Omittable, Text, unknownMember } from '../../problems/validation.js';
import { MFA_TOKEN_EXAMPLE } from '../token-examples.js';
import type { SecondFactorEvidence } from './second-factor-check.js';

const EVIDENCE = ['totp', 'recovery_code', 'passkey'] as const;

/** The token of the first step. */
export class MfaTokenRequest {
  @ApiProperty({ description: 'From the response of the login.', example: MFA_TOKEN_EXAMPLE })
  @Text()
  mfa_token!: string;
}

/** The token of the first step, and one second factor. */
export class SecondFactorRequest extends MfaTokenRequest {
  @ApiProperty({ required: false, example: '287082', description: 'The code of an authenticator app.' })
  @Omittable()
  @Text()
  totp?: string;

  @ApiProperty({ required: false, example: '7KQ2M-XW9RT', description: 'In place of `totp`.' })
  @Omittable()
  @Text()
  recovery_code?: string;

  @PasskeyMember({ isRequired: false })
  passkey?: AssertionCredential;

  @ApiProperty({
    required: false,
    default: true,
    description:
      'With `TRUSTED_DEVICE_TTL`: whether this device is not asked for a second factor again. The response sets the device cookie.',
  })
  @Omittable()
  @Flag()
  trust_device?: boolean;

  /** See BodyPipe. */
  missing(): string[] {
    return EVIDENCE.every((name) => this[name] === undefined) ? [EVIDENCE[0]] : [];
  }

  /** @throws ValidationFailed if there is more than one */
  get evidence(): SecondFactorEvidence {
    const [first, second] = EVIDENCE.filter((name) => this[name] !== undefined);
    if (second !== undefined) {
      throw new ValidationFailed({ faults: [unknownMember(second, ['mfa_token', first as string])] });
    }
    return { totp: this.totp, recovery_code: this.recovery_code, passkey: this.passkey };
  }
}

export class ConfirmEnrolmentRequest extends MfaTokenRequest {
  @ApiProperty({ example: '287082', description: 'The first code of the authenticator app.' })
  @Text()
  code!: string;
}
