import { Module } from '@nestjs/common';
import { PasskeysModule } from '../../passkeys/passkeys.module.js';
import { SignInModule } from '../sign-in.module.js';
import { PasskeyController } from './passkey.controller.js';
import { PasskeySignIn } from './passkey-sign-in.js';

/** The credential of a passkey. */
@Module({
  imports: [SignInModule, PasskeysModule],
  controllers: [PasskeyController],
  providers: [PasskeySignIn],
})
export class PasskeyModule {}
