import { Module } from '@nestjs/common';
import { BreachCheck } from './breach-check.js';
import { CommonPasswords } from './common-passwords.js';
import { ExtraWork } from './extra-work.js';
import { HashingQueue } from './hashing-queue.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordPolicy } from './password-policy.js';
import { Peppers } from './peppers.js';
import { Schemes } from './schemes.js';

@Module({
  providers: [Peppers, PasswordHasher, Schemes, HashingQueue, PasswordPolicy, CommonPasswords, BreachCheck, ExtraWork],
  exports: [ExtraWork, PasswordHasher, PasswordPolicy, Peppers],
})
export class PasswordsModule {}
