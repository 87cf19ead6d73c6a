import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { WebauthnSettings } from '../config/mfa.js';
import type { AssertionCredential, RegistrationCredential } from './credential.js';

/** COSE algorithms of passkeys, the preferred one first: ES256, EdDSA (Ed25519), RS256. All authenticators have one of them. */
export const ALGORITHMS: readonly number[] = [-7, -8, -257];

/** What a registration proves. */
export interface VerifiedRegistration {
  credentialId: Buffer;
  /** A COSE key (RFC 9052). */
  publicKey: Buffer;
  counter: number;
  transports: readonly string[];
  backupEligible: boolean;
  backedUp: boolean;
}

/** What an assertion proves. */
export interface VerifiedAssertion {
  counter: number;
  backupEligible: boolean;
  backedUp: boolean;
}

/** The credential is malformed or not genuine, or does not meet the requirements. The message is for the log. */
export class Unverified extends Error {
  override name = 'Unverified';
}

/** https://www.w3.org/TR/webauthn-3/#enum-transport. Browsers ignore others. */
const TRANSPORTS: ReadonlySet<string> = new Set(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']);
const MAX_CREDENTIAL_ID_BYTES = 1023;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Loaded at the first passkey: it takes over 20 MB and some tenths of a second. */
const library = () => import('@simplewebauthn/server');
const helpers = () => import('@simplewebauthn/server/helpers');

/**
 * The challenge that the browser signed. Anybody can write it: it proves nothing before the credential is verified with it.
 *
 * @throws Unverified if the client data are malformed, or of a page inside another origin's
 */
export function challengeOf({ response }: RegistrationCredential | AssertionCredential): string {
  const { challenge, crossOrigin } = clientDataOf(response.clientDataJSON);
  if (typeof challenge !== 'string') throw new Unverified('the client data contain no challenge');
  // The library accepts a frame in a page of another origin, unless that origin is named.
  if (crossOrigin !== undefined && crossOrigin !== false)
    throw new Unverified('the page was inside one of another origin');
  return challenge;
}

/**
 * Verifies a new passkey (WebAuthn §7.1): user verification is required. Attestation is not requested, so it must be absent or by
 * the passkey itself; certificates are not read.
 *
 * @throws Unverified
 */
export async function verifyRegistration(
  credential: RegistrationCredential,
  challenge: string,
  { rpId, origins }: WebauthnSettings,
): Promise<VerifiedRegistration> {
  const { registrationInfo } = await orUnverified(async () => {
    await requireNoCertificates(credential.response.attestationObject);
    const { verifyRegistrationResponse } = await library();
    return await verifyRegistrationResponse({
      response: { ...credential, clientExtensionResults: {} } as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      supportedAlgorithmIDs: [...ALGORITHMS],
    });
  });
  if (registrationInfo === undefined) throw new Unverified('the attestation is not valid');
  const { credential: passkey, credentialDeviceType, credentialBackedUp } = registrationInfo;
  const credentialId = Buffer.from(passkey.id, 'base64url');
  if (passkey.id !== credential.id) throw new Unverified('the credential ID is not the one that was attested');
  if (credentialId.length > MAX_CREDENTIAL_ID_BYTES) throw new Unverified('the credential ID is too long');
  return {
    credentialId,
    publicKey: Buffer.from(passkey.publicKey),
    counter: passkey.counter,
    transports: [...new Set(credential.response.transports ?? [])].filter((one) => TRANSPORTS.has(one)),
    backupEligible: credentialDeviceType === 'multiDevice',
    backedUp: credentialBackedUp,
  };
}

/**
 * Verifies an assertion (WebAuthn §7.2), except its counter: that is compared when it is stored, because of other requests.
 *
 * @throws Unverified
 */
export async function verifyAssertion(
  credential: AssertionCredential,
  challenge: string,
  publicKey: Buffer,
  { rpId, origins }: WebauthnSettings,
): Promise<VerifiedAssertion> {
  const { verified: isVerified, authenticationInfo } = await orUnverified(async () => {
    const { verifyAuthenticationResponse } = await library();
    return await verifyAuthenticationResponse({
      response: { ...credential, clientExtensionResults: {} } as AuthenticationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      credential: { id: credential.id, publicKey: Uint8Array.from(publicKey), counter: 0 },
    });
  });
  if (!isVerified) throw new Unverified('the signature is not valid');
  const { newCounter, credentialDeviceType, credentialBackedUp } = authenticationInfo;
  return {
    counter: newCounter,
    backupEligible: credentialDeviceType === 'multiDevice',
    backedUp: credentialBackedUp,
  };
}

/** The library throws errors of many kinds at malformed input, and reads nothing but its input. */
async function orUnverified<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify();
  } catch (cause) {
    if (cause instanceof Unverified) throw cause;
    throw new Unverified(cause instanceof Error ? cause.message : 'the library refused it', { cause });
  }
}

function clientDataOf(base64url: string): { challenge?: unknown; crossOrigin?: unknown } {
  try {
    const value: unknown = JSON.parse(utf8.decode(Buffer.from(base64url, 'base64url')));
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw new Unverified('the client data are not JSON', { cause });
  }
  throw new Unverified('the client data are not an object');
}

/**
 * Accepts no attestation, or one by the passkey itself (`packed` without certificates). Others would need certificates, and the
 * library looks up their revocation at addresses that the certificates name. CBOR must have its shortest form (§6), so there
 * is nothing behind it either.
 */
async function requireNoCertificates(base64url: string): Promise<void> {
  const { isoCBOR } = await helpers();
  const bytes = Uint8Array.from(Buffer.from(base64url, 'base64url'));
  const decoded = isoCBOR.decodeFirst<Map<string, unknown>>(bytes);
  if (isoCBOR.encode(decoded as never).length !== bytes.length) throw new Unverified('the CBOR is not canonical');
  const statement = decoded.get('attStmt');
  const isPlain = decoded.get('fmt') === 'none' || decoded.get('fmt') === 'packed';
  if (!isPlain || !(statement instanceof Map))
    throw new Unverified('the attestation is not none or by the passkey itself');
  if (statement.has('x5c')) throw new Unverified('the attestation has certificates');
}
