import { isIP } from 'node:net';
import { ConfigError, duration, oneOf, origins, type Parser, type Read } from './setting.js';

const DAY = 86_400_000;

/** Second factors and passkeys. Durations are in milliseconds. */
export interface MfaSettings {
  /** `off`: no second factors and no passkeys. `required`: users without a second factor must set one up when they log in. */
  readonly mfa: 'optional' | 'required' | 'off';
  /** How recent an authentication must be for a sensitive change. */
  readonly stepUpTtl: number;
  /** How long a device that has passed a second factor is not asked for it again; undefined if it is always asked. */
  readonly trustedDeviceTtl: number | undefined;
  readonly webauthn: WebauthnSettings;
}

/** https://www.w3.org/TR/webauthn-3/#relying-party-identifier */
export interface WebauthnSettings {
  readonly rpId: string;
  readonly origins: readonly string[];
}

/** @throws ConfigError also if browsers would refuse the RP ID at one of the origins */
export function readMfa(read: Read, publicUrl: string, corsOrigins: readonly string[]): MfaSettings {
  const { origin, hostname } = new URL(publicUrl);
  const rpId = read('WEBAUTHN_RP_ID', relyingPartyId, hostname);
  const listed = read<readonly string[] | undefined>('WEBAUTHN_ORIGINS', origins('https://app.example.com'), undefined);
  const outside = listed?.find((one) => !isWithin(new URL(one).hostname, rpId));
  if (outside !== undefined) {
    throw new ConfigError(
      'WEBAUTHN_ORIGINS',
      `must be at the host ${rpId} or under it: ${outside} is not`,
      `https://${rpId}`,
    );
  }
  return {
    mfa: read('MFA', oneOf('optional', 'required', 'off'), 'optional'),
    stepUpTtl: read('STEP_UP_TTL', duration('5m', { min: 1000, max: DAY }), 5 * 60_000),
    trustedDeviceTtl: read<number | undefined>('TRUSTED_DEVICE_TTL', durationOrOff, undefined),
    webauthn: Object.freeze({
      rpId,
      origins: listed ?? [origin, ...corsOrigins].filter((one) => isWithin(new URL(one).hostname, rpId)),
    }),
  };
}

const durationOrOff: Parser<number | undefined> = (text, name) =>
  text === 'off' ? undefined : duration('30d', { min: 60_000, max: 365 * DAY })(text, name);

/** A host name in lower case; browsers accept no address. */
const relyingPartyId: Parser<string> = (text, name) => {
  const isHost = URL.canParse(`https://${text}`) && new URL(`https://${text}`).host === text;
  if (!isHost || isIP(text) !== 0) throw new ConfigError(name, 'must be a host name in lower case', 'example.com');
  return text;
};

function isWithin(host: string, rpId: string): boolean {
  return host === rpId || host.endsWith(`.${rpId}`);
}
