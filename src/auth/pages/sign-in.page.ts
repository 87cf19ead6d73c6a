import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../config/config.js';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { type PageRequest, ShowsPage, SubmitsPage } from '../../pages/page-routes.js';
import { Pages } from '../../pages/pages.js';
import { NotFound } from '../../problems/http.errors.js';
import { Limit } from '../../rate-limits/limit.decorator.js';
import { Csrf } from '../access/csrf.js';
import { MailSignIn } from '../mail-code/mail-sign-in.js';
import { SignIn } from '../sign-in.js';
import { SignInResponder } from '../sign-in.responder.js';
import { evidenceIn } from './evidence.js';

/** The page of the link in a mail to sign in with. */
@Controller()
export class SignInPage {
  constructor(
    private readonly config: Config,
    private readonly pages: Pages,
    private readonly mailSignIn: MailSignIn,
    private readonly signIn: SignIn,
    private readonly responder: SignInResponder,
    private readonly csrf: Csrf,
  ) {}

  @ShowsPage('sign_in')
  show(@Req() request: PageRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    if (!this.config.mailSignIn) throw new NotFound();
    return this.pages.show('sign_in', request, reply);
  }

  @Limit('logins')
  @SubmitsPage('sign_in')
  async submit(
    @Req() request: PageRequest,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    // Another site could sign the browser in as the attacker, with a link of theirs (login CSRF).
    await this.csrf.checkOwnPage(request as FastifyRequest);
    return await this.pages.submit('sign_in', request, reply, async () => {
      const proof = await this.mailSignIn.prove(evidenceIn(request), client);
      const outcome = await this.signIn.complete(proof, client, 'cookie');
      // A page without scripts can ask for a code, but neither for a passkey nor set up a factor: those are errors.
      if ('waitsFor' in outcome && outcome.methods.includes('totp') && outcome.waitsFor === 'second_factor') {
        return { page: 'second_factor', token: outcome.mfaToken };
      }
      this.responder.of(outcome, reply);
      return undefined;
    });
  }
}
