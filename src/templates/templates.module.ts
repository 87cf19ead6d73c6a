import { Module } from '@nestjs/common';
import { Brand } from './brand.js';
import { Templates } from './templates.js';

@Module({ providers: [Brand, Templates], exports: [Brand, Templates] })
export class TemplatesModule {}
