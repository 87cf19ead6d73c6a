import { Injectable } from '@nestjs/common';
import type { Purpose } from '../../codes/purposes.js';
import { Config } from '../../config/config.js';

/** The page of each purpose. */
export const PAGES = {
  register: '/account/verify-email',
  verify_email: '/account/verify-email',
  reset_password: '/account/reset-password',
  sign_in: '/account/sign-in',
  change_email: '/account/confirm-email',
  undo_email_change: '/account/undo-email-change',
} as const satisfies Record<Purpose, string>;

/** The links in mails. They come from `PUBLIC_URL` only, never from a request. */
@Injectable()
export class Links {
  constructor(private readonly config: Config) {}

  /** The page whose button uses the code up. */
  of(purpose: Purpose, token: string): string {
    return `${this.config.publicUrl}${PAGES[purpose]}?token=${token}`;
  }
}
