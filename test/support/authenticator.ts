import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** Options as the routes answer them. */
export interface PasskeyOptions {
  challenge: string;
  rpId?: string;
  rp?: { id: string };
  user?: { id: string };
  allowCredentials?: { id: string }[];
}

/** What a test changes in what the authenticator and the browser send. */
export interface Forgery {
  origin?: string;
  rpId?: string;
  type?: string;
  challenge?: string;
  /** More members of the client data. */
  clientData?: object;
  /** Replaces the client data. */
  clientDataBytes?: Buffer;
  flags?: number;
  counter?: number;
  /** Changes the authenticator data, before they are signed. */
  authData?: (bytes: Buffer) => Buffer;
  /** Changes what the signature covers. */
  signed?: (bytes: Buffer) => Buffer;
  /** Changes the attestation object. */
  attestationObject?: (bytes: Buffer) => Buffer;
  fmt?: string;
  attStmt?: (signature: () => Buffer) => Cbor;
  coseKey?: Map<Cbor, Cbor>;
  userHandle?: string | null;
  /** Replaces members of the credential and of its response. */
  credential?: object;
  response?: object;
}

export type Cbor = number | string | Buffer | boolean | null | Cbor[] | Map<Cbor, Cbor>;

export const UP = 0x01;
export const UV = 0x04;
export const BE = 0x08;
export const BS = 0x10;
export const AT = 0x40;

const base64url = (bytes: Buffer) => bytes.toString('base64url');
export const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();

/** Encodes the few types of CBOR (RFC 8949) that WebAuthn needs, in their shortest form. */
export function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'boolean' || value === null) return Buffer.from([value === null ? 0xf6 : value ? 0xf5 : 0xf4]);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, one]) => [cbor(key), cbor(one)])]);
}

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
}

/** An authenticator with one passkey (ES256), and the browser in front of it. Tests make it lie. */
export class SoftwareAuthenticator {
  readonly id = randomBytes(16);
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  counter = 0;
  userHandle: string | null = null;

  constructor(
    readonly origin: string,
    /** Whether the passkey can be backed up, as those of phones are. */
    readonly isSynced = false,
  ) {}

  get coseKey(): Map<Cbor, Cbor> {
    const { x, y } = this.#keys.publicKey.export({ format: 'jwk' });
    const bytes = (text = '') => Buffer.from(text, 'base64url');
    return new Map<Cbor, Cbor>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, bytes(x)],
      [-3, bytes(y)],
    ]);
  }

  /** The RegistrationResponseJSON for creation options. */
  create(options: PasskeyOptions, forged: Forgery = {}) {
    this.userHandle = options.user?.id ?? null;
    const clientData = this.#clientData('webauthn.create', options, forged);
    const authData = this.#authData(options.rp?.id ?? '', AT, forged, [
      Buffer.alloc(16),
      Buffer.from([this.id.length >> 8, this.id.length & 255]),
      this.id,
      cbor(forged.coseKey ?? this.coseKey),
    ]);
    const statement = forged.attStmt?.(() => this.#sign(authData, clientData, forged)) ?? new Map();
    const object = cbor(
      new Map<Cbor, Cbor>([
        ['fmt', forged.fmt ?? 'none'],
        ['attStmt', statement],
        ['authData', authData],
      ]),
    );
    return this.#credential(forged, {
      clientDataJSON: base64url(clientData),
      attestationObject: base64url(forged.attestationObject?.(object) ?? object),
      transports: ['internal', 'hybrid'],
    });
  }

  /** The AuthenticationResponseJSON for request options. */
  get(options: PasskeyOptions, forged: Forgery = {}) {
    const clientData = this.#clientData('webauthn.get', options, forged);
    const authData = this.#authData(options.rpId ?? '', 0, forged, []);
    return this.#credential(forged, {
      clientDataJSON: base64url(clientData),
      authenticatorData: base64url(authData),
      signature: base64url(this.#sign(authData, clientData, forged)),
      userHandle: forged.userHandle === undefined ? this.userHandle : forged.userHandle,
    });
  }

  /** A signature by the key of the passkey. */
  signatureOf(bytes: Buffer): Buffer {
    return sign('sha256', bytes, this.#keys.privateKey);
  }

  #clientData(type: string, options: PasskeyOptions, forged: Forgery): Buffer {
    const { challenge = options.challenge, origin = this.origin } = forged;
    const data = { type: forged.type ?? type, challenge, origin, crossOrigin: false, ...forged.clientData };
    return forged.clientDataBytes ?? Buffer.from(JSON.stringify(data));
  }

  #authData(rpId: string, flags: number, forged: Forgery, attested: Buffer[]): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(forged.counter ?? this.counter);
    const usual = UP | UV | flags | (this.isSynced ? BE | BS : 0);
    const bytes = Buffer.concat([
      sha256(forged.rpId ?? rpId),
      Buffer.from([forged.flags ?? usual]),
      counter,
      ...attested,
    ]);
    return forged.authData?.(bytes) ?? bytes;
  }

  #sign(authData: Buffer, clientData: Buffer, forged: Forgery): Buffer {
    const bytes = Buffer.concat([authData, sha256(clientData)]);
    return this.signatureOf(forged.signed?.(bytes) ?? bytes);
  }

  #credential(forged: Forgery, response: object) {
    const id = base64url(this.id);
    return {
      id,
      rawId: id,
      type: 'public-key',
      clientExtensionResults: {},
      authenticatorAttachment: 'platform',
      response: { ...response, ...forged.response },
      ...forged.credential,
    };
  }
}
