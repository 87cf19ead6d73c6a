import { Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import type { ClientContext } from '../../http/client-context.js';
import type { Principal } from '../../http/principal.js';
import type { ChallengeUse } from '../../passkeys/challenges.js';
import type { RegistrationCredential } from '../../passkeys/credential.js';
import type { PasskeyCreationOptions } from '../../passkeys/passkey-options.js';
import { type Passkey, Passkeys } from '../../passkeys/passkeys.js';
import { NotFound } from '../../problems/http.errors.js';
import { type FactorChange, FactorChanges } from '../../second-factors/factor-changes.js';
import { TokenRevoked } from '../../tokens/token.errors.js';
import { canonicalText } from '../../users/identifier.js';
import { UsersService } from '../../users/users.service.js';

/** A passkey that was added. */
export interface AddedPasskey {
  passkey: Passkey;
  /** Null if the user had some already. */
  recoveryCodes: string[] | null;
}

/** Changes that users make to their own passkeys. */
@Injectable()
export class UserPasskeys {
  constructor(
    private readonly users: UsersService,
    private readonly passkeys: Passkeys,
    private readonly changes: FactorChanges,
  ) {}

  /** @throws TokenRevoked if the user is deleted */
  async creationOptions({ userId }: Principal): Promise<PasskeyCreationOptions> {
    const user = await this.users.find(userId);
    if (user === null) throw new TokenRevoked();
    return await this.passkeys.creationOptions(user, useOf(userId));
  }

  /** @throws NewPasskeyInvalid, TooManyPasskeys */
  async add(
    principal: Principal,
    client: ClientContext,
    { credential, name }: { credential: RegistrationCredential; name: string },
  ): Promise<AddedPasskey> {
    const { userId } = principal;
    const verified = await this.passkeys.verifyNew(credential, useOf(userId));
    let passkey: Passkey | undefined;
    const recoveryCodes = await this.changes.add(changeOf(principal, client), async (manager) => {
      passkey = await this.passkeys.add(manager, userId, verified, name);
    });
    return { passkey: passkey as Passkey, recoveryCodes };
  }

  async list({ userId }: Principal): Promise<Passkey[]> {
    return await this.passkeys.list(userId);
  }

  /** @throws NotFound if the user has no passkey with this ID */
  async rename({ userId }: Principal, id: string, name: string): Promise<Passkey> {
    const renamed = isUuid(id) ? await this.passkeys.rename(userId, id, canonicalText(name)) : undefined;
    if (renamed === undefined) throw new NotFound();
    return renamed;
  }

  /** @throws NotFound if the user has no passkey with this ID */
  async remove(principal: Principal, client: ClientContext, id: string): Promise<void> {
    if (!isUuid(id)) throw new NotFound();
    await this.changes.remove(changeOf(principal, client), async (manager) => {
      if (!(await this.passkeys.remove(manager, principal.userId, id))) throw new NotFound();
    });
  }
}

function useOf(userId: string): ChallengeUse {
  return { purpose: 'register', subject: userId };
}

function changeOf({ userId, sessionId }: Principal, client: ClientContext): FactorChange {
  return { userId, sessionId, client, method: 'passkey' };
}
