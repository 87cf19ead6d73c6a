import { Module } from '@nestjs/common';
import { SignInModule } from '../sign-in.module.js';
import { EnrolmentController } from './enrolment.controller.js';
import { Enrolment } from './enrolment.js';
import { SecondFactorController } from './second-factor.controller.js';
import { SecondStep } from './second-step.js';

/** The second step of sign-ins. */
@Module({
  imports: [SignInModule],
  controllers: [SecondFactorController, EnrolmentController],
  providers: [SecondStep, Enrolment],
  exports: [SecondStep, Enrolment],
})
export class SecondFactorModule {}
