import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { stringify } from 'uuid';
import type { FaultCode } from '../problems/messages.en.js';

/** A new passkey, as `PublicKeyCredential.toJSON()` returns it (RegistrationResponseJSON of WebAuthn Level 3). */
export interface RegistrationCredential {
  id: string;
  rawId: string;
  type: string;
  response: { clientDataJSON: string; attestationObject: string; transports?: string[] };
}

/** The use of a passkey, likewise (AuthenticationResponseJSON). */
export interface AssertionCredential {
  id: string;
  rawId: string;
  type: string;
  response: { clientDataJSON: string; authenticatorData: string; signature: string; userHandle?: string | null };
}

type Check = (value: unknown) => boolean;
interface Member {
  check: Check;
  isOptional?: boolean;
}
type Shape = Readonly<Record<string, Member>>;

/** As long as the longest credential ID (WebAuthn §4), in base64url. */
const MAX_ID_LENGTH = 1364;
const MAX_TRANSPORTS = 16;

/** Base64url without padding, in its only spelling: two decoders must not read different bytes. */
const isBase64url: Check = (value) =>
  typeof value === 'string' && value !== '' && Buffer.from(value, 'base64url').toString('base64url') === value;
const isId: Check = (value) => isBase64url(value) && (value as string).length <= MAX_ID_LENGTH;
const isString: Check = (value) => typeof value === 'string';
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isStringOrNull: Check = (value) => value === null || isString(value);
const isBase64urlOrNull: Check = (value) => value === null || isBase64url(value);
const isStrings: Check = (value) => Array.isArray(value) && value.length <= MAX_TRANSPORTS && value.every(isString);

/** The members of both kinds. Scripts that replace `toJSON()` send `null` in place of optional members. */
const credential = (response: Shape): Shape => ({
  id: { check: isId },
  rawId: { check: isId },
  type: { check: isString },
  response: { check: (value) => fits(value, response) },
  clientExtensionResults: { check: isObject, isOptional: true },
  authenticatorAttachment: { check: isStringOrNull, isOptional: true },
});

const REGISTRATION = credential({
  clientDataJSON: { check: isBase64url },
  attestationObject: { check: isBase64url },
  transports: { check: isStrings, isOptional: true },
  // Copies of what the attestation object contains. They are not used.
  authenticatorData: { check: isBase64url, isOptional: true },
  publicKey: { check: isBase64urlOrNull, isOptional: true },
  publicKeyAlgorithm: { check: Number.isInteger, isOptional: true },
});

const ASSERTION = credential({
  clientDataJSON: { check: isBase64url },
  authenticatorData: { check: isBase64url },
  signature: { check: isBase64url },
  userHandle: { check: isBase64urlOrNull, isOptional: true },
});

/**
 * Whether the value is an object that has the members of the shape. Others are ignored: browsers write the object, and a newer
 * one may know more members.
 */
function fits(value: unknown, shape: Shape): boolean {
  if (!isObject(value)) return false;
  return Object.entries(shape).every(([name, { check, isOptional }]) =>
    value[name] === undefined ? isOptional === true : check(value[name]),
  );
}

/** The member of a body with a {@link RegistrationCredential}. */
export function NewPasskeyMember(): PropertyDecorator {
  return credentialMember(REGISTRATION, 'attestationObject', 'RegistrationResponseJSON', 'create');
}

/** The member of a body with an {@link AssertionCredential}. */
export function PasskeyMember({ isRequired = true } = {}): PropertyDecorator {
  return credentialMember(ASSERTION, 'signature', 'AuthenticationResponseJSON', 'get', isRequired);
}

function credentialMember(
  shape: Shape,
  example: string,
  type: string,
  call: 'create' | 'get',
  isRequired = true,
): PropertyDecorator {
  const rule = (name: FaultCode, validator: Check) =>
    ValidateBy({ name, validator: { validate: validator, defaultMessage: () => name } });
  return applyDecorators(
    ApiProperty({
      type: 'object',
      additionalProperties: true,
      selfRequired: isRequired,
      description: `A \`${type}\`: what \`toJSON()\` returns for the result of \`navigator.credentials.${call}()\`.`,
      example: {
        id: 'AAECAwQFBgcICQoLDA0ODw',
        rawId: 'AAECAwQFBgcICQoLDA0ODw',
        type: 'public-key',
        response: { clientDataJSON: 'eyJ0eXBlIjoi4oCmIn0', [example]: 'o2NmbXQ' },
        clientExtensionResults: {},
      },
    }),
    rule('required', (value) => value !== undefined || !isRequired),
    rule('not_a_credential', (value) => value === undefined || fits(value, shape)),
  );
}

/** The user ID in the user handle of an assertion, or undefined if there is none. Nobody has proved it yet. */
export function claimedUserId({ response }: AssertionCredential): string | undefined {
  const bytes = response.userHandle ? Buffer.from(response.userHandle, 'base64url') : undefined;
  if (bytes?.length !== 16) return undefined;
  try {
    return stringify(bytes);
  } catch {
    // Not every 16 bytes are a UUID.
    return undefined;
  }
}
