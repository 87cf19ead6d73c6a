import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TokensModule } from '../tokens/tokens.module.js';
import { LiveTokens } from './live-tokens.js';
import { Revocations } from './revocations.js';
import { Session } from './session.entity.js';
import { SessionsService } from './sessions.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Session]), TokensModule],
  providers: [SessionsService, Revocations, LiveTokens],
  exports: [SessionsService, Revocations, LiveTokens],
})
export class SessionsModule {}
