import { ApiProperty } from '@nestjs/swagger';
import type { TotpEnrolment } from './totp.js';

/** What a user needs to set up an authenticator app. */
export class TotpEnrolmentResponse {
  @ApiProperty({ description: 'In base32, to be typed.', example: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' })
  secret!: string;

  @ApiProperty({
    description: 'What authenticator apps read.',
    example:
      'otpauth://totp/Portero:sofia?issuer=Portero&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30',
  })
  otpauth_url!: string;

  @ApiProperty({
    description: 'The same as a QR code, in SVG.',
    example: '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
  })
  qr_svg!: string;

  static of({ secret, uri, qrSvg }: TotpEnrolment): TotpEnrolmentResponse {
    return { secret, otpauth_url: uri, qr_svg: qrSvg };
  }
}
