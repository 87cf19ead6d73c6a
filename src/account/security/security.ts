import { Injectable } from '@nestjs/common';
import { AuthenticationCheck } from '../../auth/step-up/required-auth.js';
import { CodeInvalid } from '../../codes/codes.errors.js';
import type { ClientContext } from '../../http/client-context.js';
import type { Principal } from '../../http/principal.js';
import { NotFound } from '../../problems/http.errors.js';
import { type FactorChanger, FactorChanges } from '../../second-factors/factor-changes.js';
import { SecondFactorTries } from '../../second-factors/second-factor-tries.js';
import { SecondFactors, type SecondFactorsOfUser } from '../../second-factors/second-factors.js';
import { Totp, type TotpEnrolment } from '../../second-factors/totp.js';
import { TokenRevoked } from '../../tokens/token.errors.js';
import { UsersService } from '../../users/users.service.js';

/** Changes that users make to their own authenticator app and recovery codes. */
@Injectable()
export class Security {
  constructor(
    private readonly users: UsersService,
    private readonly factors: SecondFactors,
    private readonly totp: Totp,
    private readonly changes: FactorChanges,
    private readonly tries: SecondFactorTries,
    private readonly authentication: AuthenticationCheck,
  ) {}

  /** @throws TokenRevoked if the user is deleted */
  async of({ userId }: Principal): Promise<SecondFactorsOfUser & { password: boolean }> {
    const user = await this.users.findForProof(userId);
    if (user === null) throw new TokenRevoked();
    return { ...(await this.factors.of(userId)), password: user.passwordHash != null };
  }

  /** @throws TotpExists; TokenRevoked if the user is deleted */
  async beginTotp({ userId }: Principal): Promise<TotpEnrolment> {
    const user = await this.users.find(userId);
    if (user === null) throw new TokenRevoked();
    return await this.totp.enrol(user);
  }

  /** @returns recovery codes if the user had none. @throws CodeInvalid, TooManyRequests */
  async confirmTotp(principal: Principal, client: ClientContext, code: string): Promise<string[] | null> {
    const use = this.#changerOf(principal, client);
    const undo = await this.tries.count(use);
    const codes = await this.changes.add({ ...use, method: 'totp' }, async (manager) => {
      if (!(await this.totp.confirm(manager, use.userId, code))) throw new CodeInvalid();
    });
    await undo();
    return codes;
  }

  /** @throws NotFound if there is none */
  async removeTotp(principal: Principal, client: ClientContext): Promise<void> {
    await this.changes.remove({ ...this.#changerOf(principal, client), method: 'totp' }, async (manager) => {
      if (!(await this.totp.remove(manager, principal.userId))) throw new NotFound();
    });
  }

  /** @throws NoSecondFactor */
  async renewRecoveryCodes(principal: Principal, client: ClientContext): Promise<string[]> {
    return await this.changes.renewRecoveryCodes(this.#changerOf(principal, client));
  }

  #changerOf(principal: Principal, client: ClientContext): FactorChanger {
    const { userId, sessionId } = principal;
    return {
      userId,
      sessionId,
      client,
      require: (manager) => this.authentication.requireStill(manager, principal),
    };
  }
}
