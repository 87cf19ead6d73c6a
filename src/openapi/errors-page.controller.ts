import { Controller, Get, Header, Headers } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '../http/public.decorator.js';
import { messagesIn, negotiateLanguage } from '../problems/language.js';

/** The page that the `type` of a problem links to: an explanation of every code. */
@ApiExcludeController()
@Controller('docs')
export class ErrorsPageController {
  @Public()
  @Get('errors')
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Vary', 'Accept-Language')
  show(@Headers('accept-language') acceptLanguage?: string): string {
    const language = negotiateLanguage(acceptLanguage);
    const entries = Object.entries(messagesIn(language).problems).map(
      ([code, { title, detail }]) =>
        `<dt id="${code}"><code>${code}</code></dt><dd><b>${title}.</b> ${escapeHtml(detail)}</dd>`,
    );
    return `<!doctype html><html lang="${language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Portero: errors</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}
dt{margin-top:1rem}dt:target{background:#ffef9e}dd{margin:0}</style>
<h1>Portero</h1><dl>${entries.join('\n')}</dl></html>`;
  }
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
