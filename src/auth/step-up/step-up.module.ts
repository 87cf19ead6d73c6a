import { Module } from '@nestjs/common';
import { SessionsModule } from '../../sessions/sessions.module.js';
import { SignInModule } from '../sign-in.module.js';
import { StepUpController } from './step-up.controller.js';
import { StepUp } from './step-up.js';

/** Authenticating again in a session. */
@Module({
  imports: [SignInModule, SessionsModule],
  controllers: [StepUpController],
  providers: [StepUp],
})
export class StepUpModule {}
