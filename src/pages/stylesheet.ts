import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Brand } from '../templates/brand.js';
import { Templates } from '../templates/templates.js';

const PATH = '/pages/portero.css';
const YEAR_S = 31_536_000;

/** The stylesheet of all pages, with the colors of the brand. */
@Injectable()
export class Stylesheet {
  readonly text: string;
  readonly #version: string;

  constructor(templates: Templates, { colors }: Brand) {
    this.text = `:root {
  --button: ${colors.button};
  --on-button: ${colors.onButton};
  --accent-light: ${colors.accent};
  --accent-dark: ${colors.accentDark};
}
${templates.file('portero.css')}`;
    this.#version = createHash('sha256').update(this.text).digest('base64url').slice(0, 16);
  }

  /** The URL with the version of the contents. */
  get href(): string {
    return `${PATH}?v=${this.#version}`;
  }

  /** Serves the stylesheet. Browsers keep it for a year, unless they ask for the version of another instance. */
  serve(app: NestFastifyApplication): void {
    const server: FastifyInstance = app.getHttpAdapter().getInstance();
    server.get<{ Querystring: { v?: unknown } }>(PATH, ({ query }, reply) => {
      if (query.v === this.#version) reply.header('Cache-Control', `public, max-age=${YEAR_S}, immutable`);
      return reply.type('text/css; charset=utf-8').send(this.text);
    });
  }
}
