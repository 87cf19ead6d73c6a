import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';

const CODES = ['7KQ2MX-W9RTHN-B4C2PZ-LSE8VJ', 'Y5DAFQ-3GHKTM-PXW2N7-CRS46V'];

/** Ten new recovery codes. They can't be shown again. */
export class RecoveryCodesResponse {
  @ApiProperty({ description: 'Ten codes, each of which works once.', type: [String], example: CODES })
  recovery_codes!: string[];
}

/** How the recovery codes of a first factor are documented. */
export const FIRST_RECOVERY_CODES: ApiPropertyOptions = {
  description: 'Ten codes, each of which works once. `null` if the user has recovery codes already.',
  type: [String],
  nullable: true,
  example: CODES,
};

/** New recovery codes, if the user had none. */
export class FirstRecoveryCodesResponse {
  @ApiProperty(FIRST_RECOVERY_CODES)
  recovery_codes!: string[] | null;
}
