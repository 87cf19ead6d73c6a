import { Module } from '@nestjs/common';
import { Challenges } from './challenges.js';
import { Passkeys } from './passkeys.js';

/** Passkeys (WebAuthn), below sign-ins and step-ups. */
@Module({
  providers: [Challenges, Passkeys],
  exports: [Passkeys],
})
export class PasskeysModule {}
