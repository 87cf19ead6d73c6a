import { Module } from '@nestjs/common';
import { PagesModule } from '../../pages/pages.module.js';
import { EmailModule } from '../email/email.module.js';
import { MailCodeModule } from '../mail-code/mail-code.module.js';
import { PasswordModule } from '../password/password.module.js';
import { SecondFactorModule } from '../second-factor/second-factor.module.js';
import { SignInModule } from '../sign-in.module.js';
import { EmailPages } from './email.pages.js';
import { PasswordPages } from './password.pages.js';
import { SecondFactorPage } from './second-factor.page.js';
import { SignInPage } from './sign-in.page.js';

/** The pages to which the links in mails lead. */
@Module({
  imports: [PagesModule, EmailModule, PasswordModule, MailCodeModule, SignInModule, SecondFactorModule],
  controllers: [EmailPages, PasswordPages, SignInPage, SecondFactorPage],
})
export class AccountPagesModule {}
