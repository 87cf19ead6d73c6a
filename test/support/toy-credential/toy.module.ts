import { Module } from '@nestjs/common';
import { AuthModule } from '../../../src/auth/auth.module.js';
import { SignInModule } from '../../../src/auth/sign-in.module.js';
import { ToyController } from './toy.controller.js';
import { ToyCredential } from './toy-credential.js';

@Module({ imports: [SignInModule], controllers: [ToyController], providers: [ToyCredential] })
export class ToyModule {}

/** Adds the line that a credential needs in AuthModule, until the suite ends: suites share the modules of src. */
export function addToyCredential(): void {
  const imports: unknown[] = Reflect.getMetadata('imports', AuthModule);
  imports.push(ToyModule);
  afterAll(() => void imports.splice(imports.indexOf(ToyModule), 1));
}
