import { type KeyObject, sign } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { SigningKeys } from '../../src/tokens/keys/signing-keys.js';
import type { TestServer } from './server.js';

export const encode = (value: unknown): string => encodeText(JSON.stringify(value));
export const encodeText = (text: string): string => Buffer.from(text).toString('base64url');

/** Makes tokens with the server's own ES256 key, so that only the change of a test can be the reason for a rejection. */
export class Forgery {
  constructor(
    private readonly server: TestServer,
    /** A valid token as the model. */
    readonly model: string,
  ) {}

  /** A token like the model with these members changed; `undefined` removes one. */
  forge(header: object, claims: object): string {
    const head = { ...decodeProtectedHeader(this.model), ...header };
    return this.sign(JSON.stringify(head), JSON.stringify({ ...decodeJwt(this.model), ...claims }));
  }

  /** A token with exactly this header and these claims. */
  sign(head: string, claims: string): string {
    return this.signParts(encodeText(head), encodeText(claims));
  }

  /** A token with these parts in any encoding. */
  signParts(head: string, claims: string): string {
    const { privateKey } = this.server.get(SigningKeys).active as { privateKey: KeyObject };
    const signed = Buffer.from(`${head}.${claims}`);
    return `${head}.${claims}.${sign('sha256', signed, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }

  /** Header and claims of the model, as text. */
  get parts(): { head: string; claims: string } {
    const [head = '', claims = ''] = this.model.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    return { head, claims };
  }
}
