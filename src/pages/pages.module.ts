import { Module } from '@nestjs/common';
import { TemplatesModule } from '../templates/templates.module.js';
import { Pages } from './pages.js';
import { Stylesheet } from './stylesheet.js';

@Module({ imports: [TemplatesModule], providers: [Pages, Stylesheet], exports: [Pages, Stylesheet] })
export class PagesModule {}
