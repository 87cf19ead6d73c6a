import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Clock } from '../clock/clock.js';
import { Cleanup } from '../database/cleanup.js';
import { databaseTime } from '../database/database-time.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { CookieSessions } from './cookie-sessions.js';
import { CookieTokens } from './cookie-tokens.js';
import { LastSeen } from './last-seen.js';
import { LiveTokens } from './live-tokens.js';
import { NewSessions } from './new-sessions.js';
import { Revocations } from './revocation/revocations.js';
import { Rotations } from './rotations.js';
import { Session } from './session.entity.js';
import { SessionsService } from './sessions.service.js';
import { StepUps } from './step-ups.js';
import { UserSessions } from './user-sessions.js';

/** How long sessions are kept after their end, so that clients get the exact error. */
const KEPT = `interval '1 day'`;

@Module({
  imports: [TypeOrmModule.forFeature([Session]), TokensModule],
  providers: [
    NewSessions,
    SessionsService,
    StepUps,
    Rotations,
    Revocations,
    LiveTokens,
    CookieSessions,
    CookieTokens,
    LastSeen,
    UserSessions,
  ],
  exports: [NewSessions, SessionsService, StepUps, Revocations, LiveTokens, CookieSessions, CookieTokens, UserSessions],
})
export class SessionsModule {
  constructor(cleanup: Cleanup, clock: Clock) {
    const now = databaseTime('$1');
    const parameters = () => [clock.databaseTime()];
    const aDayAgo = `${now} - ${KEPT}`;
    // Each in the order of its index: on a table without statistics, PostgreSQL would read all of it for both at once.
    for (const end of ['ended_at', 'expires_at']) {
      cleanup.of({ table: 'sessions', key: 'id', which: `AND ${end} <= ${aDayAgo} ORDER BY ${end}`, parameters });
    }
    cleanup.of({
      table: 'revocations',
      key: 'session_id',
      which: `AND expires_at <= ${now} ORDER BY expires_at`,
      parameters,
    });
  }
}
