import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessTokens } from './access-tokens.js';
import { JwksController } from './keys/jwks.controller.js';
import { SigningKeyRow } from './keys/signing-key.entity.js';
import { SigningKeys } from './keys/signing-keys.js';

@Module({
  imports: [JwtModule.register({}), TypeOrmModule.forFeature([SigningKeyRow])],
  controllers: [JwksController],
  providers: [AccessTokens, SigningKeys],
  exports: [AccessTokens],
})
export class TokensModule {}
