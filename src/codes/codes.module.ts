import { Module } from '@nestjs/common';
import { CodeHashes } from './code-hashes.js';
import { Codes } from './codes.js';

@Module({ providers: [Codes, CodeHashes], exports: [Codes] })
export class CodesModule {}
