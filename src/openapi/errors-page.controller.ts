import { Controller, Get, Header, Headers, Query } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '../http/public.decorator.js';
import { negotiateLanguage } from '../problems/language.js';
import { errorsPage } from './errors-page.js';

/** The page that the `type` of a problem links to: an explanation of every code. */
@ApiExcludeController()
@Controller('docs')
export class ErrorsPageController {
  /** @param lang chosen on the page; otherwise the browser's preference decides */
  @Public()
  @Get('errors')
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Vary', 'Accept-Language')
  show(@Headers('accept-language') preferred?: string, @Query('lang') lang?: unknown): string {
    return errorsPage(lang === 'en' || lang === 'es' ? lang : negotiateLanguage(preferred));
  }
}
