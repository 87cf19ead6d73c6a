import { ApiProperty } from '@nestjs/swagger';
import type { SecondFactorsOfUser } from '../../second-factors/second-factors.js';

/** How a user can sign in. */
export class SecurityResponse {
  @ApiProperty({ description: 'Whether the user has a password.', example: true })
  password!: boolean;

  @ApiProperty({ description: 'Whether the user has an authenticator app.', example: true })
  totp!: boolean;

  @ApiProperty({ description: 'The number of passkeys.', example: 1 })
  passkeys!: number;

  @ApiProperty({ description: 'The number of recovery codes that were not used.', example: 10 })
  recovery_codes_left!: number;

  static of(password: boolean, { totp, passkeys, recoveryCodesLeft }: SecondFactorsOfUser): SecurityResponse {
    return { password, totp, passkeys, recovery_codes_left: recoveryCodesLeft };
  }
}
