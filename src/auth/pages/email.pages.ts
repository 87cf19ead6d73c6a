import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { type PageRequest, ShowsPage, SubmitsPage } from '../../pages/page-routes.js';
import { Pages } from '../../pages/pages.js';
import { Limit } from '../../rate-limits/limit.decorator.js';
import { EmailChange } from '../email/email-change.js';
import { EmailVerification } from '../email/email-verification.js';
import { evidenceIn, tokenIn } from './evidence.js';

/** The pages of the links in mails about an address. */
@Controller()
export class EmailPages {
  constructor(
    private readonly pages: Pages,
    private readonly verification: EmailVerification,
    private readonly change: EmailChange,
  ) {}

  @ShowsPage('verify_email')
  showVerification(@Req() request: PageRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    return this.pages.show('verify_email', request, reply);
  }

  @Limit('codes')
  @SubmitsPage('verify_email')
  async verify(
    @Req() request: PageRequest,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return await this.pages.submit('verify_email', request, reply, () =>
      this.verification.verify(evidenceIn(request), client),
    );
  }

  @ShowsPage('confirm_email')
  showConfirmation(@Req() request: PageRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    return this.pages.show('confirm_email', request, reply);
  }

  @Limit('codes')
  @SubmitsPage('confirm_email')
  async confirm(
    @Req() request: PageRequest,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return await this.pages.submit('confirm_email', request, reply, () =>
      this.change.confirm({ token: tokenIn(request) }, client),
    );
  }

  @ShowsPage('undo_email_change')
  showUndo(@Req() request: PageRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    return this.pages.show('undo_email_change', request, reply);
  }

  @Limit('codes')
  @SubmitsPage('undo_email_change')
  async undo(
    @Req() request: PageRequest,
    @CurrentClient() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return await this.pages.submit('undo_email_change', request, reply, () =>
      this.change.undo(tokenIn(request), client),
    );
  }
}
