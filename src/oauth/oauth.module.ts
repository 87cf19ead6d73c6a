import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { Client } from './client.entity.js';
import { ClientStrategy } from './client.strategy.js';
import { IntrospectionController } from './introspection.controller.js';
import { MetadataController } from './metadata.controller.js';
import { RevocationController } from './revocation.controller.js';

/** OAuth 2.0 for services: token introspection, token revocation and metadata. */
@Module({
  imports: [TypeOrmModule.forFeature([Client]), PassportModule, RateLimitsModule, TokensModule, SessionsModule],
  controllers: [IntrospectionController, RevocationController, MetadataController],
  providers: [ClientStrategy],
})
export class OAuthModule {}
