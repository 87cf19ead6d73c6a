import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { WebauthnSettings } from '../config/mfa.js';
import { ALGORITHMS, type CoseKey, isUsableKey } from './cose-key.js';
import type { AssertionCredential, RegistrationCredential } from './credential.js';

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
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Loaded at the first passkey: it takes over 20 MB and some tenths of a second. */
const library = () => import('@simplewebauthn/server');
const helpers = () => import('@simplewebauthn/server/helpers');
type Cbor = Awaited<ReturnType<typeof helpers>>['isoCBOR'];

/**
 * The challenge that the browser signed. Anybody can write it: it proves nothing before the credential is verified with it.
 *
 * @throws Unverified if the client data are malformed, or of a page inside another origin's
 */
export function challengeOf({ response }: RegistrationCredential | AssertionCredential): string {
  const { challenge, crossOrigin, topOrigin } = clientDataOf(response.clientDataJSON);
  if (typeof challenge !== 'string') throw new Unverified('the client data contain no challenge');
  // The library accepts a frame in a page of another origin where a browser does not name that origin.
  const isFramed = (crossOrigin !== undefined && crossOrigin !== false) || topOrigin !== undefined;
  if (isFramed) throw new Unverified('the page was inside one of another origin');
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
  const [{ verifyRegistrationResponse }, { isoCBOR }] = await Promise.all([library(), helpers()]);
  const attestation = await orUnverified(async () => attestationOf(credential.response.attestationObject, isoCBOR));
  const { registrationInfo } = await orUnverified(() =>
    verifyRegistrationResponse({
      response: { ...credential, clientExtensionResults: {} } as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      supportedAlgorithmIDs: [...ALGORITHMS],
    }),
  );
  if (registrationInfo === undefined) throw new Unverified('the attestation is not valid');
  const { credential: passkey, credentialDeviceType, credentialBackedUp } = registrationInfo;
  const key = isoCBOR.decodeFirst<CoseKey>(passkey.publicKey);
  if (attestation.fmt === 'packed' && attestation.alg !== key.get(3)) {
    throw new Unverified('the attestation is of another algorithm than the key');
  }
  if (!isUsableKey(key)) throw new Unverified('the public key is malformed, or of another algorithm');
  if (passkey.id !== credential.id) throw new Unverified('the credential ID is not the one that was attested');
  return {
    credentialId: Buffer.from(passkey.id, 'base64url'),
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
  const { verifyAuthenticationResponse } = await library();
  const { verified, authenticationInfo } = await orUnverified(() =>
    verifyAuthenticationResponse({
      response: { ...credential, clientExtensionResults: {} } as AuthenticationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      credential: { id: credential.id, publicKey: Uint8Array.from(publicKey), counter: 0 },
    }),
  );
  if (!verified) throw new Unverified('the signature is not valid');
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

function clientDataOf(base64url: string): { challenge?: unknown; crossOrigin?: unknown; topOrigin?: unknown } {
  try {
    const value: unknown = JSON.parse(utf8.decode(Buffer.from(base64url, 'base64url')));
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw new Unverified('the client data are not JSON', { cause });
  }
  throw new Unverified('the client data are not an object');
}

/**
 * The format of the attestation, and its algorithm if there is one: none, or one by the passkey itself (`packed` without
 * certificates). Others would need certificates, and the library looks up their revocation at addresses that the certificates
 * name. CBOR must have its shortest form (§6), so there is nothing behind it either.
 *
 * @throws Unverified, and the errors of the library
 */
function attestationOf(base64url: string, isoCBOR: Cbor): { fmt: unknown; alg: unknown } {
  const bytes = Uint8Array.from(Buffer.from(base64url, 'base64url'));
  const decoded = isoCBOR.decodeFirst<Map<string, unknown>>(bytes);
  if (isoCBOR.encode(decoded as never).length !== bytes.length) throw new Unverified('the CBOR is not canonical');
  const statement = decoded.get('attStmt');
  const fmt = decoded.get('fmt');
  if (!(fmt === 'none' || fmt === 'packed') || !(statement instanceof Map) || statement.has('x5c')) {
    throw new Unverified('the attestation is neither none nor by the passkey itself');
  }
  return { fmt, alg: statement.get('alg') };
}
