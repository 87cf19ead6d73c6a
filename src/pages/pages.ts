import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Config } from '../config/config.js';
import { AuthError } from '../problems/auth-error.js';
import type { Language } from '../problems/language.js';
import { describeProblem, fill } from '../problems/problem.js';
import { Brand } from '../templates/brand.js';
import { Templates } from '../templates/templates.js';
import { FIELDS, type FieldErrors, fieldsOf } from './form-of.js';
import { type FormValues, tokenOf } from './form-values.js';
import { PAGE_HEADERS } from './page-headers.js';
import { chosenLanguage, languageOf, PATHS, type PageRequest } from './page-routes.js';
import { en, type FieldName, type PageName, type PageProblem, type PageTexts } from './page-texts.en.js';
import { es } from './page-texts.es.js';
import type { Form, Link, PageView } from './page-view.js';
import { Stylesheet } from './stylesheet.js';

const TEXTS: Record<Language, PageTexts> = { en, es };

type TokenProblem = 'code_invalid' | 'code_expired' | 'mfa_token_invalid';

interface FormContent {
  values?: FormValues;
  errors?: FieldErrors;
  /** By default that of the request. */
  token?: string | undefined;
}

/** Where to go after a page is done, and if its link does not work. */
const NEXT: Partial<Record<PageName, { done?: PageName; problem?: PageName; form?: PageName }>> = {
  forgot_password: { done: 'reset_password', form: 'reset_password' },
  reset_password: { problem: 'forgot_password', form: 'forgot_password' },
  undo_email_change: { done: 'forgot_password' },
};

/** The page that goes on with what a form began, and the token of its form. */
export interface NextPage {
  page: PageName;
  token: string;
}

/** Renders the pages for people, with the same form, result and error for all of them. */
@Injectable()
export class Pages {
  constructor(
    private readonly templates: Templates,
    private readonly brand: Brand,
    private readonly stylesheet: Stylesheet,
    private readonly config: Config,
  ) {
    templates.try(() => this.#tryAll());
  }

  /** The page with its form. Neither uses nor checks the token of the link. */
  show(page: PageName, request: PageRequest, reply: FastifyReply): string {
    const view = this.#formView(page, request);
    if (view.form === undefined) reply.code(400);
    return this.#respond(page, request, reply, view);
  }

  /**
   * Runs the work of a form, and responds with the result, or with the form again if the user can correct it.
   *
   * @param work returns another page if its form follows
   * @throws every error that the form can't show; {@link problem} shows it
   */
  async submit(
    page: PageName,
    request: PageRequest,
    reply: FastifyReply,
    work: () => Promise<NextPage | undefined> | Promise<void>,
  ): Promise<string> {
    let next: NextPage | undefined;
    try {
      next = (await work()) as NextPage | undefined;
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      const rejected = this.#rejection(error, page, request);
      if (rejected === undefined) throw error;
      reply.code(error.kind.status);
      return this.#respond(page, request, reply, rejected);
    }
    if (next === undefined) return this.#respond(page, request, reply, this.#doneView(page, request));
    return this.#respond(next.page, request, reply, this.#formView(next.page, request, { token: next.token }));
  }

  /** The page of an error, or undefined if the request is not for a page. */
  problem(error: AuthError, request: PageRequest): { html: string; headers: Record<string, string> } | undefined {
    const { page } = request.routeOptions.config;
    if (page === undefined) return undefined;
    const language = languageOf(request);
    const html = this.#render(page, request, this.#problemView(error, page, request));
    return { html, headers: { ...PAGE_HEADERS, 'Content-Language': language } };
  }

  #respond(page: PageName, request: PageRequest, reply: FastifyReply, view: Partial<PageView>): string {
    reply.headers({ ...PAGE_HEADERS, 'Content-Language': languageOf(request) });
    return this.#render(page, request, view);
  }

  #render(page: PageName, request: PageRequest, view: Partial<PageView>): string {
    const language = languageOf(request);
    const texts = TEXTS[language];
    const heading = view.heading ?? texts.pages[page].heading;
    const hasErrors = view.icon === 'problem' || view.alert !== undefined;
    const complete: PageView = {
      language,
      brand: this.brand.name,
      logo: this.brand.logo,
      stylesheet: this.stylesheet.href,
      title: `${hasErrors ? texts.errorPrefix : ''}${heading} · ${this.brand.name}`,
      icon: undefined,
      text: [],
      alert: undefined,
      form: undefined,
      links: [],
      otherLanguage: request.method === 'POST' ? undefined : this.#otherLanguage(page, request),
      ...view,
      heading,
    };
    return this.templates.render('page', complete);
  }

  #formView(
    page: PageName,
    request: PageRequest,
    { values = {}, errors = {}, token = tokenOf(request) }: FormContent = {},
  ): Partial<PageView> {
    const texts = TEXTS[languageOf(request)];
    const { lead, leadWithoutToken = lead, button } = texts.pages[page];
    const names = token === undefined ? FIELDS[page].code : FIELDS[page].token;
    if (names === undefined) {
      return this.#linkView(page === 'second_factor' ? 'mfa_token_invalid' : 'code_invalid', page, request);
    }
    const form: Form = {
      action: this.#href(page, request),
      hidden: token === undefined ? {} : { token },
      fields: fieldsOf(names, texts, this.config, { values, errors }),
      button,
    };
    const next = token === undefined ? NEXT[page]?.form : undefined;
    return { form, text: [token === undefined ? leadWithoutToken : lead], links: this.#linksTo(next, request) };
  }

  /** The form with its errors. Undefined if nothing that the user can type would help. */
  #rejection(error: AuthError, page: PageName, request: PageRequest): Partial<PageView> | undefined {
    const texts = TEXTS[languageOf(request)];
    const { code } = error.kind;
    const token = tokenOf(request);
    const names = (token === undefined ? FIELDS[page].code : FIELDS[page].token) ?? [];
    const values: FormValues = Object.fromEntries(names.map((name) => [name, request.body?.[name] ?? '']));
    if (code === 'validation_failed' || code === 'password_rejected') {
      const errors = this.#fieldErrors(error, names, request);
      if (Object.keys(errors).length === 0) return undefined;
      return { ...this.#formView(page, request, { values, errors }), alert: texts.checkFields };
    }
    if (code === 'second_factor_invalid') return { ...this.#formView(page, request), alert: texts.wrongSecondFactor };
    const isCode = names.includes('code') && (code === 'code_invalid' || code === 'code_expired');
    if (!isCode) return undefined;
    const alert = code === 'code_invalid' ? texts.wrongCode : texts.expiredCode;
    return { ...this.#formView(page, request, { values }), alert };
  }

  #fieldErrors(error: AuthError, names: readonly FieldName[], request: PageRequest): FieldErrors {
    const language = languageOf(request);
    const errors: Partial<Record<FieldName, string[]>> = {};
    for (const { pointer, code, detail } of describeProblem(error, request.id, language).errors ?? []) {
      // Services name the password as their own callers do.
      const name = names.find((one) => pointer === `/${one}` || (one === 'new_password' && pointer === '/password'));
      if (name === undefined) continue;
      errors[name] = [...(errors[name] ?? []), code === 'required' ? TEXTS[language].required : detail];
    }
    return errors;
  }

  #doneView(page: PageName, request: PageRequest): Partial<PageView> {
    const { heading, text } = TEXTS[languageOf(request)].pages[page].done;
    return { icon: 'done', heading, text, links: this.#linksTo(NEXT[page]?.done, request) };
  }

  #problemView(error: AuthError, page: PageName, request: PageRequest): Partial<PageView> {
    const language = languageOf(request);
    const texts = TEXTS[language];
    const { code } = error.kind;
    if (isOfToken(code)) return this.#linkView(code, page, request);
    const known = texts.problems[code as PageProblem];
    const { title, detail } = describeProblem(error, request.id, language);
    const wait = waitIn(language, Number(error.headers['Retry-After'] ?? 1));
    if (known === undefined) return { icon: 'problem', heading: title, text: [detail, texts.otherProblem] };
    return { icon: 'problem', heading: known.heading, text: known.text.map((line) => fill(line, { wait })) };
  }

  /** The token of the form does not work, so the user needs another one. */
  #linkView(code: TokenProblem, page: PageName, request: PageRequest): Partial<PageView> {
    const texts = TEXTS[languageOf(request)];
    const { heading, text } = texts.problems[code];
    const links = this.#linksTo(NEXT[page]?.problem, request);
    return { icon: 'problem', heading, text: [...text, texts.pages[page].again], links };
  }

  #linksTo(page: PageName | undefined, request: PageRequest): Link[] {
    if (page === undefined) return [];
    const texts = TEXTS[languageOf(request)];
    return [{ href: this.#href(page, request), text: page === 'forgot_password' ? texts.newLink : texts.withCode }];
  }

  #otherLanguage(page: PageName, request: PageRequest): PageView['otherLanguage'] {
    const language = languageOf(request);
    const other: Language = language === 'en' ? 'es' : 'en';
    const token = tokenOf(request);
    const query = new URLSearchParams({ ...(token === undefined ? {} : { token }), lang: other });
    return { language: other, href: `${PATHS[page]}?${query}`, text: TEXTS[language].otherLanguage };
  }

  /** Keeps the language that was chosen on the page. */
  #href(page: PageName, request: PageRequest): string {
    const language = chosenLanguage(request);
    return language === undefined ? PATHS[page] : `${PATHS[page]}?lang=${language}`;
  }

  #tryAll(): void {
    for (const page of Object.keys(PATHS) as PageName[]) {
      for (const lang of ['en', 'es']) {
        const request = { method: 'GET', query: { token: 'example', lang }, headers: {} } as unknown as PageRequest;
        this.#render(page, request, this.#formView(page, request, { errors: { new_password: [TEXTS.en.required] } }));
        this.#render(page, request, this.#doneView(page, request));
        this.#render(page, request, this.#linkView('code_expired', page, request));
      }
    }
  }
}

function isOfToken(code: string): code is TokenProblem {
  return code === 'code_invalid' || code === 'code_expired' || code === 'mfa_token_invalid';
}

/** A duration in words, such as "30 seconds". */
function waitIn(language: Language, seconds: number): string {
  const [value, unit] = seconds < 120 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}
