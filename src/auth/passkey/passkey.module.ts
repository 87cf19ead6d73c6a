import { Module } from '@nestjs/common';
import { SecondFactorModule } from '../second-factor/second-factor.module.js';
import { SignInModule } from '../sign-in.module.js';
import { PasskeyController } from './passkey.controller.js';
import { PasskeyEnrolmentController } from './passkey-enrolment.controller.js';
import { PasskeyEnrolment } from './passkey-enrolment.js';
import { PasskeyOptionsController } from './passkey-options.controller.js';
import { PasskeySignIn } from './passkey-sign-in.js';

/** The credential of a passkey, and its use as a second factor. */
@Module({
  imports: [SignInModule, SecondFactorModule],
  controllers: [PasskeyController, PasskeyOptionsController, PasskeyEnrolmentController],
  providers: [PasskeySignIn, PasskeyEnrolment],
})
export class PasskeyModule {}
