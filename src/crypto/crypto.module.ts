import { Global, Module } from '@nestjs/common';
import { Config } from '../config/config.js';
import { KeyedHash } from './keyed-hash.js';
import { Sealing } from './sealing.js';

@Global()
@Module({
  providers: [{ provide: Sealing, inject: [Config], useFactory: (config: Config) => new Sealing(config) }, KeyedHash],
  exports: [Sealing, KeyedHash],
})
export class CryptoModule {}
