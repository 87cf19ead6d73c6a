import { ApiProperty } from '@nestjs/swagger';
import { ALGORITHMS } from './cose-key.js';

/** A passkey as browsers know it. */
export class PasskeyDescriptor {
  @ApiProperty({ example: 'public-key' })
  type!: 'public-key';

  @ApiProperty({ description: 'The credential ID in base64url.', example: 'AAECAwQFBgcICQoLDA0ODw' })
  id!: string;

  @ApiProperty({ type: [String], example: ['internal', 'hybrid'] })
  transports!: string[];
}

class RelyingParty {
  @ApiProperty({ example: 'example.com' })
  id!: string;

  @ApiProperty({ example: 'Portero' })
  name!: string;
}

class PasskeyUser {
  @ApiProperty({
    description: 'The user handle: the bytes of the user ID, in base64url.',
    example: 'AZgfDm06fFWxpAovDJvgAQ',
  })
  id!: string;

  @ApiProperty({ example: 'sofia' })
  name!: string;

  @ApiProperty({ example: 'sofia' })
  displayName!: string;
}

class PasskeyAlgorithm {
  @ApiProperty({ example: 'public-key' })
  type!: 'public-key';

  @ApiProperty({ description: 'A COSE algorithm.', example: -7 })
  alg!: number;
}

class AuthenticatorSelection {
  @ApiProperty({ example: 'required' })
  residentKey!: 'required';

  @ApiProperty({ example: true })
  requireResidentKey!: true;

  @ApiProperty({ example: 'required' })
  userVerification!: 'required';
}

/** PublicKeyCredentialRequestOptionsJSON (WebAuthn Level 3). */
export class PasskeyRequestOptions {
  @ApiProperty({ description: 'In base64url. Works once, for five minutes.' })
  challenge!: string;

  @ApiProperty({ example: 'example.com' })
  rpId!: string;

  @ApiProperty({ description: 'Milliseconds.', example: 300000 })
  timeout!: number;

  @ApiProperty({ example: 'required' })
  userVerification!: 'required';

  @ApiProperty({
    required: false,
    type: [PasskeyDescriptor],
    description: "The user's passkeys. Absent where the user is not known yet.",
  })
  allowCredentials?: PasskeyDescriptor[];
}

/** PublicKeyCredentialCreationOptionsJSON (WebAuthn Level 3). */
export class PasskeyCreationOptions {
  @ApiProperty({ type: RelyingParty })
  rp!: RelyingParty;

  @ApiProperty({ type: PasskeyUser })
  user!: PasskeyUser;

  @ApiProperty({ description: 'In base64url. Works once, for five minutes.' })
  challenge!: string;

  @ApiProperty({ type: [PasskeyAlgorithm] })
  pubKeyCredParams!: PasskeyAlgorithm[];

  @ApiProperty({ description: 'Milliseconds.', example: 300000 })
  timeout!: number;

  @ApiProperty({
    type: [PasskeyDescriptor],
    description: "The user's passkeys: one authenticator holds only one of them.",
  })
  excludeCredentials!: PasskeyDescriptor[];

  @ApiProperty({ type: AuthenticatorSelection })
  authenticatorSelection!: AuthenticatorSelection;

  @ApiProperty({ example: 'none' })
  attestation!: 'none';
}

export const PASSKEY_ALGORITHMS: PasskeyAlgorithm[] = ALGORITHMS.map((alg) => ({ type: 'public-key', alg }));
