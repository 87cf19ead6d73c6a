import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { formValues, tokenOf } from '../../pages/form-values.js';
import { type PageRequest, ShowsPage, SubmitsPage } from '../../pages/page-routes.js';
import { Pages } from '../../pages/pages.js';
import { Limit } from '../../rate-limits/limit.decorator.js';
import { PasswordReset } from '../password/password-reset.js';

/** The pages for a forgotten password. */
@Controller()
export class PasswordPages {
  constructor(
    private readonly pages: Pages,
    private readonly reset: PasswordReset,
  ) {}

  @ShowsPage('forgot_password')
  showForgotten(@Req() request: PageRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    return this.pages.show('forgot_password', request, reply);
  }

  @Limit('mail_requests')
  @SubmitsPage('forgot_password')
  async requestMail(@Req() request: PageRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return await this.pages.submit('forgot_password', request, reply, async () => {
      const { login } = formValues(request, ['login']);
      await this.reset.request(login.includes('@') ? { email: login } : { username: login });
    });
  }

  @ShowsPage('reset_password')
  showReset(@Req() request: PageRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    return this.pages.show('reset_password', request, reply);
  }

  @Limit('codes')
  @SubmitsPage('reset_password')
  async setPassword(
    @Req() request: PageRequest,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return await this.pages.submit('reset_password', request, reply, async () => {
      const token = tokenOf(request);
      if (token !== undefined) {
        const { new_password } = formValues(request, ['new_password']);
        return await this.reset.reset({ token }, new_password, client);
      }
      const { email, code, new_password } = formValues(request, ['email', 'code', 'new_password']);
      await this.reset.reset({ email, code }, new_password, client);
    });
  }
}
