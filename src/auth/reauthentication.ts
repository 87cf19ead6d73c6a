import { Injectable } from '@nestjs/common';
import type { ClientContext } from '../http/client-context.js';
import type { Principal } from '../http/principal.js';
import type { Proof } from './proof.js';

/** A credential that supports reauthentication. */
export interface Reauthenticator {
  /** @throws an AuthError if the evidence is wrong; TooManyAttempts, Busy */
  prove(principal: Principal, client: ClientContext, evidence: string): Promise<Proof>;
}

/** Evidence by the registered name of its credential: `{ password: '…' }`. */
export type Evidence = Readonly<Record<string, string | undefined>>;

/** Reauthenticates a user before a sensitive change, with any registered credential. */
@Injectable()
export class Reauthentication {
  readonly #credentials = new Map<string, Reauthenticator>();

  /** @param name the member of request bodies that holds evidence of this credential */
  register(name: string, credential: Reauthenticator): void {
    if (this.#credentials.has(name)) throw new Error(`two credentials have the name ${name}`);
    this.#credentials.set(name, credential);
  }

  /** Requires exactly one piece of evidence; the request's DTO ensures that. @throws the errors of the credential */
  async prove(principal: Principal, client: ClientContext, evidence: Evidence): Promise<Proof> {
    const [given, ...others] = Object.entries(evidence).filter(([, value]) => value !== undefined);
    const credential = given && this.#credentials.get(given[0]);
    if (credential === undefined || others.length > 0)
      throw new Error('requires exactly one piece of evidence of a registered credential');
    return await credential.prove(principal, client, given?.[1] as string);
  }
}
