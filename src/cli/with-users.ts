import type { QueryRunner } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { Registration } from '../auth/password/registration.js';
import { Clock } from '../clock/clock.js';
import type { Config } from '../config/config.js';
import { Sealing } from '../crypto/sealing.js';
import { HashingTurns } from '../lockout/hashing-turns.js';
import { BreachCheck } from '../passwords/breach-check.js';
import { CommonPasswords } from '../passwords/common-passwords.js';
import { HashingQueue } from '../passwords/hashing-queue.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import { Peppers } from '../passwords/peppers.js';
import { Schemes } from '../passwords/schemes.js';
import { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import type { Terminal } from './terminal.js';
import { withDatabase } from './with-database.js';

/** What the server does with users and passwords, on the connection of a command. */
export interface UserServices {
  session: QueryRunner;
  config: Config;
  audit: AuditLog;
  users: UsersService;
  registration: Registration;
  policy: PasswordPolicy;
  hasher: PasswordHasher;
}

/** @throws StartError, also if `PORTERO_SECRET` is not the secret of the servers on this database */
export async function withUsers<T>(terminal: Terminal, work: (services: UserServices) => Promise<T>): Promise<T> {
  return await withDatabase(terminal, async (session, config) => {
    const { manager } = session;
    const clock = new Clock();
    const audit = new AuditLog(clock, manager);
    const peppers = new Peppers(manager, new Sealing(config), config, clock, audit);
    await peppers.onModuleInit();
    await peppers.store();
    const users = new UsersService(manager.getRepository(User), clock);
    const policy = new PasswordPolicy(config, new CommonPasswords(), new BreachCheck(config));
    const hasher = new PasswordHasher(config, new Schemes(config), new HashingQueue(config), peppers);
    const registration = new Registration(users, policy, hasher, audit, new HashingTurns(clock));
    return await work({ session, config, audit, users, registration, policy, hasher });
  });
}
