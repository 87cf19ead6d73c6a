import type { Purpose } from '../../codes/purposes.js';
import { PATHS } from '../../pages/page-routes.js';

/** The page of each purpose. */
const PAGES = {
  register: PATHS.verify_email,
  verify_email: PATHS.verify_email,
  reset_password: PATHS.reset_password,
  recovery_link: PATHS.reset_password,
  sign_in: PATHS.sign_in,
  change_email: PATHS.confirm_email,
  undo_email_change: PATHS.undo_email_change,
} as const satisfies Record<Purpose, string>;

/**
 * The link in a mail: to the page whose button uses a code up.
 *
 * @param publicUrl `PUBLIC_URL`: a link never comes from a request
 */
export function linkOf(publicUrl: string, purpose: Purpose, token: string): string {
  return `${publicUrl}${PAGES[purpose]}?token=${token}`;
}
