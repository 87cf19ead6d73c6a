import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../config/config.js';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { formValues, tokenOf } from '../../pages/form-values.js';
import { type PageRequest, ShowsPage, SubmitsPage } from '../../pages/page-routes.js';
import { Pages } from '../../pages/pages.js';
import { NotFound } from '../../problems/http.errors.js';
import { Limit } from '../../rate-limits/limit.decorator.js';
import { Csrf } from '../access/csrf.js';
import { MfaTokenInvalid } from '../auth.errors.js';
import type { SecondFactorEvidence } from '../second-factor/second-factor-check.js';
import { SecondStep } from '../second-factor/second-step.js';
import { SignInResponder } from '../sign-in.responder.js';

/** The page that asks for a second factor after {@link SignInPage}. Its hidden token is the `mfa_token`. */
@Controller()
export class SecondFactorPage {
  constructor(
    private readonly config: Config,
    private readonly pages: Pages,
    private readonly secondStep: SecondStep,
    private readonly responder: SignInResponder,
    private readonly csrf: Csrf,
  ) {}

  @ShowsPage('second_factor')
  show(@Req() request: PageRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    this.#requireOn();
    return this.pages.show('second_factor', request, reply);
  }

  @Limit('logins')
  @SubmitsPage('second_factor')
  async submit(
    @Req() request: PageRequest,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    this.#requireOn();
    // Another site could sign the browser in as the attacker (login CSRF).
    await this.csrf.checkOwnPage(request as FastifyRequest);
    return await this.pages.submit('second_factor', request, reply, async () => {
      const { second_factor: code } = formValues(request, ['second_factor']);
      const token = tokenOf(request);
      if (token === undefined) throw new MfaTokenInvalid();
      const options = { trustDevice: true };
      this.responder.of(await this.secondStep.prove(token, evidenceOf(code), client, options), reply);
      return undefined;
    });
  }

  /** @throws NotFound */
  #requireOn(): void {
    if (!this.config.mailSignIn || this.config.mfa === 'off') throw new NotFound();
  }
}

/** Six digits are a code of an app, also with a space between them. No recovery code has only digits. */
function evidenceOf(typed: string): SecondFactorEvidence {
  const digits = typed.replace(/\s/g, '');
  return /^\d{6}$/.test(digits) ? { totp: digits } : { recovery_code: typed };
}
