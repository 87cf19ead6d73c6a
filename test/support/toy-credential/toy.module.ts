import { Module } from '@nestjs/common';
import { AuthModule } from '../../../src/auth/auth.module.js';
import { SignInModule } from '../../../src/auth/sign-in.module.js';
import { ToyController } from './toy.controller.js';
import { ToyCredential } from './toy-credential.js';

@Module({ imports: [SignInModule], controllers: [ToyController], providers: [ToyCredential] })
export class ToyModule {}

/** Adds the one line that a credential needs in AuthModule, for the servers that start after it in this suite. */
export function addToyCredential(): void {
  (Reflect.getMetadata('imports', AuthModule) as unknown[]).push(ToyModule);
}
