import { ApiProperty } from '@nestjs/swagger';
import type { CodeEvidence } from '../../codes/code.js';
import { Omittable, Text } from '../../problems/validation.js';
import { isEmailAddress } from '../../users/identifier.js';
import { CurrentPasswordMember } from '../step-up/current-password.member.js';

/** An address that a mail is requested for. */
export class AddressRequest {
  @ApiProperty({ format: 'email', example: 'sofia@example.com' })
  @Text('email_invalid', isEmailAddress)
  email!: string;
}

/** The token of a link, or a code with the address that it was sent to. */
export class EvidenceRequest {
  @ApiProperty({ required: false, description: 'From the link of the mail.' })
  @Omittable()
  @Text()
  token?: string;

  @ApiProperty({ required: false, example: 'sofia@example.com', description: 'Required without `token`.' })
  @Omittable()
  @Text()
  email?: string;

  @ApiProperty({ required: false, example: 'ABCD-EFGH', description: 'Required without `token`.' })
  @Omittable()
  @Text()
  code?: string;

  /** See BodyPipe. */
  missing(): string[] {
    return missingEvidence(this);
  }

  get evidence(): CodeEvidence {
    return evidenceOf(this);
  }
}

export class ChangeEmailRequest {
  @ApiProperty({ format: 'email', maxLength: 254, example: 'sofia@example.org' })
  @Text('email_invalid', isEmailAddress)
  email!: string;

  @CurrentPasswordMember()
  current_password?: string;
}

export class ConfirmChangeRequest {
  @ApiProperty({ required: false, description: 'From the link of the mail. It needs no access token.' })
  @Omittable()
  @Text()
  token?: string;

  @ApiProperty({ required: false, example: 'ABCD-EFGH', description: 'Requires an access token or a session cookie.' })
  @Omittable()
  @Text()
  code?: string;

  /** See BodyPipe. */
  missing(): string[] {
    return this.token === undefined && this.code === undefined ? ['token'] : [];
  }
}

export class UndoChangeRequest {
  @ApiProperty({ description: 'From the link of the mail.' })
  @Text()
  token!: string;
}

interface EvidenceFields {
  token?: string;
  email?: string;
  code?: string;
}

/** The members that are missing: the token, or with one of the other two the other. */
export function missingEvidence({ token, email, code }: EvidenceFields): string[] {
  if (token !== undefined) return [];
  if (email === undefined && code === undefined) return ['token'];
  if (email === undefined) return ['email'];
  return code === undefined ? ['code'] : [];
}

/** A token counts before a code. */
export function evidenceOf({ token, email, code }: EvidenceFields): CodeEvidence {
  return token === undefined ? { email: email as string, code: code as string } : { token };
}
