import { ApiProperty } from '@nestjs/swagger';
import type { Passkey } from '../../passkeys/passkeys.js';
import { FIRST_RECOVERY_CODES } from '../../second-factors/recovery-codes.response.js';
import type { AddedPasskey } from './user-passkeys.js';

/** A passkey of the user. */
export class PasskeyResponse {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'My phone' })
  name!: string;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  last_used_at!: string | null;

  @ApiProperty({ description: 'Whether its provider keeps a copy, so that it survives the loss of the device.' })
  backed_up!: boolean;

  static of({ id, name, createdAt, lastUsedAt, backedUp }: Passkey): PasskeyResponse {
    return {
      id,
      name,
      created_at: createdAt.toISOString(),
      last_used_at: lastUsedAt?.toISOString() ?? null,
      backed_up: backedUp,
    };
  }
}

export class PasskeysResponse {
  @ApiProperty({ type: [PasskeyResponse], description: 'The oldest one first.' })
  passkeys!: PasskeyResponse[];
}

/** A new passkey, and the recovery codes that come with the first second factor. */
export class AddedPasskeyResponse extends PasskeyResponse {
  @ApiProperty(FIRST_RECOVERY_CODES)
  recovery_codes!: string[] | null;

  static ofAdded({ passkey, recoveryCodes }: AddedPasskey): AddedPasskeyResponse {
    return { ...PasskeyResponse.of(passkey), recovery_codes: recoveryCodes };
  }
}
