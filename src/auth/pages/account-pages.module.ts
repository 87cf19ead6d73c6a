import { Module } from '@nestjs/common';
import { PagesModule } from '../../pages/pages.module.js';
import { EmailModule } from '../email/email.module.js';
import { MailCodeModule } from '../mail-code/mail-code.module.js';
import { PasswordModule } from '../password/password.module.js';
import { SignInModule } from '../sign-in.module.js';
import { EmailPages } from './email.pages.js';
import { PasswordPages } from './password.pages.js';
import { SignInPage } from './sign-in.page.js';

/** The pages to which the links in mails lead. */
@Module({
  imports: [PagesModule, EmailModule, PasswordModule, MailCodeModule, SignInModule],
  controllers: [EmailPages, PasswordPages, SignInPage],
})
export class AccountPagesModule {}
