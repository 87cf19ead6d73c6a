import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessTokens } from './access-tokens.js';
import { JwksController } from './jwks.controller.js';
import { Sealing } from './sealing.js';
import { SigningKeyRow } from './signing-key.entity.js';
import { SigningKeys } from './signing-keys.js';

@Module({
  imports: [JwtModule.register({}), TypeOrmModule.forFeature([SigningKeyRow])],
  controllers: [JwksController],
  providers: [AccessTokens, SigningKeys, Sealing],
  exports: [AccessTokens],
})
export class TokensModule {}
