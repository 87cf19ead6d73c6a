import { Injectable } from '@nestjs/common';
import type { ClientContext } from '../http/client-context.js';
import type { Principal } from '../http/principal.js';
import type { Proof } from './proof.js';

/** A credential by which users who are signed in can prove again who they are. */
export interface Reauthenticator {
  /** @throws an AuthError if the evidence proves nothing; TooManyAttempts, Busy */
  prove(principal: Principal, client: ClientContext, evidence: string): Promise<Proof>;
}

/** What proves it, by the name under which its credential registered: `{ password: '…' }`. */
export type Evidence = Readonly<Record<string, string | undefined>>;

/** Asks for a proof before something sensitive is done, by whichever credential the user gives evidence of. */
@Injectable()
export class Reauthentication {
  readonly #credentials = new Map<string, Reauthenticator>();

  /** @param name what evidence of this credential is called in request bodies */
  register(name: string, credential: Reauthenticator): void {
    if (this.#credentials.has(name)) throw new Error(`two credentials are called ${name}`);
    this.#credentials.set(name, credential);
  }

  /** Takes exactly one piece of evidence; the request's DTO makes sure of that. @throws as the credential does */
  async prove(principal: Principal, client: ClientContext, evidence: Evidence): Promise<Proof> {
    const [given, ...others] = Object.entries(evidence).filter(([, value]) => value !== undefined);
    const credential = given && this.#credentials.get(given[0]);
    if (credential === undefined || others.length > 0)
      throw new Error('not one piece of evidence of a known credential');
    return await credential.prove(principal, client, given?.[1] as string);
  }
}
