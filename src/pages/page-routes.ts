import { applyDecorators, Get, HttpCode, Post } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Public } from '../http/public.decorator.js';
import { type Language, negotiateLanguage } from '../problems/language.js';
import type { FieldName, PageName } from './page-texts.en.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route is a page, so its errors are pages too. */
    page?: PageName;
  }
}

/** A request for a page. Its body is a form. */
export type PageRequest = FastifyRequest<{
  Querystring: { token?: unknown; lang?: unknown };
  Body: Partial<Record<FieldName | 'token', string>> | undefined;
}>;

export const PATHS: Readonly<Record<PageName, string>> = {
  verify_email: '/account/verify-email',
  forgot_password: '/account/forgot-password',
  reset_password: '/account/reset-password',
  confirm_email: '/account/confirm-email',
  undo_email_change: '/account/undo-email-change',
  sign_in: '/account/sign-in',
  second_factor: '/account/second-factor',
};

/** The route that shows a page. It must not change anything: mail programs open links on their own. */
export function ShowsPage(page: PageName): MethodDecorator {
  return applyDecorators(Public(), ApiExcludeEndpoint(), RouteConfig({ page }), Get(PATHS[page]));
}

/**
 * The route that receives the form of a page. It accepts every `Origin`, because browsers send `null` under
 * `Referrer-Policy: no-referrer`: the credential must be in the form, never in a cookie.
 */
export function SubmitsPage(page: PageName): MethodDecorator {
  return applyDecorators(
    Public(),
    ApiExcludeEndpoint(),
    RouteConfig({ form: true, page }),
    Post(PATHS[page]),
    HttpCode(200),
  );
}

/** The language in `?lang`, or else the preferred one of the browser. */
export function languageOf({ query, headers }: Pick<PageRequest, 'query' | 'headers'>): Language {
  return chosenLanguage({ query }) ?? negotiateLanguage(headers['accept-language']);
}

/** The language in `?lang`. */
export function chosenLanguage({ query: { lang } }: Pick<PageRequest, 'query'>): Language | undefined {
  return lang === 'en' || lang === 'es' ? lang : undefined;
}
