import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { RegisterRequest } from '../auth/password/register.request.js';
import { Config } from '../config/config.js';
import { addFaultExamples } from './fault-examples.js';
import { documentGuard } from './guarded-routes.js';

const DESCRIPTION = `Registration, login and sessions, with access tokens that any service can verify with the keys at
\`/.well-known/jwks.json\`. Errors are problem details (RFC 9457); every \`code\` is explained at [/docs/errors](/docs/errors).`;

const SHORT_PATHS = 'Short paths';

/** The operations that a reader tries first. The others follow in the order of the modules. */
const FIRST = ['/auth/register', '/auth/login', '/protected', '/auth/refresh', '/auth/logout'];

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

/** Shape of every error (RFC 9457). */
const PROBLEM: Schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'The explanation of the problem.' },
    title: { type: 'string', description: 'For people, in the requested language.' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'For people, in the requested language.' },
    code: { type: 'string', description: 'For programs; stable.' },
    request_id: { type: 'string', description: 'The same as in the X-Request-Id header and the log.' },
    mfa_token: { type: 'string', description: 'Only if a sign-in goes on: for the next step.' },
    methods: {
      type: 'array',
      items: { enum: ['totp', 'recovery_code', 'passkey'] },
      description: 'Only if a sign-in goes on: what the next step accepts.',
    },
    expires_in: { type: 'integer', description: 'Only if a sign-in goes on: seconds until `mfa_token` expires.' },
    error: { type: 'string', description: 'Only under /oauth/: the error code of RFC 6749 section 5.2.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'detail'],
        properties: {
          pointer: { type: 'string', description: 'A JSON Pointer (RFC 6901) to the field.' },
          code: { type: 'string', description: 'For programs; stable.' },
          detail: { type: 'string', description: 'For people, in the requested language.' },
        },
      },
    },
  },
};

/** The OpenAPI document of all routes. */
export function createDocument(app: INestApplication): OpenAPIObject {
  const options = new DocumentBuilder()
    .setTitle('Portero')
    .setDescription(DESCRIPTION)
    .setVersion('0.1.0')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .setOpenAPIVersion('3.1.0')
    // Relative to the document, so the page works under every host name.
    .addServer('/')
    .addTag('Auth', 'Registration, login, sessions and tokens.')
    .addTag('Email', 'Your address: verify it, change it, undo a change.')
    .addTag('Users', 'Your user, password and security events.')
    .addTag('Service', 'For operators and for services that verify tokens.')
    .addTag(SHORT_PATHS, 'The same operations as under `/auth`.')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'The `access_token` of a login.',
    })
    .addCookieAuth('portero', {
      type: 'apiKey',
      in: 'cookie',
      description: 'The cookie of a login with `transport: cookie`; over https its name is `__Host-portero`.',
    })
    .addBasicAuth({
      type: 'http',
      scheme: 'basic',
      description: 'The `client_id` and `client_secret` of a registered client.',
    })
    .build();
  const document = SwaggerModule.createDocument(app, options);
  document.info.contact = { name: 'Portero' };
  document.components = { ...document.components, schemas: { Problem: PROBLEM, ...document.components?.schemas } };
  documentGuard(document);
  tidySecurity(document);
  requireIdentifiers(document, app.get(Config));
  addFaultExamples(document);
  nameShortPaths(document);
  document.paths = sorted(document.paths);
  return document;
}

/** Which identifiers a registration must contain depends on `REGISTRATION_REQUIRES`. */
function requireIdentifiers({ components }: OpenAPIObject, config: Config): void {
  const schema = components?.schemas?.[RegisterRequest.name];
  if (schema === undefined || '$ref' in schema) throw new Error('the document has no schema of a registration');
  schema.required = [...new RegisterRequest().missing(config), ...(schema.required ?? [])];
}

function operationsOf({ paths }: OpenAPIObject): Operation[] {
  return Object.values(paths).flatMap((item) =>
    [item.get, item.post, item.put, item.patch, item.delete].filter((operation) => operation !== undefined),
  );
}

/**
 * `@Public()` adds an empty requirement, which makes any other one optional. It is removed where it is alone, so that tools
 * show no lock, and where clients must authenticate; and it comes last otherwise.
 */
function tidySecurity(document: OpenAPIObject): void {
  for (const operation of operationsOf(document)) {
    const real = (operation.security ?? []).filter((scheme) => Object.keys(scheme).length > 0);
    const isOptional = real.length < (operation.security?.length ?? 0) && !real.some((scheme) => 'basic' in scheme);
    real.sort((a, b) => Number('cookie' in a) - Number('cookie' in b));
    operation.security = isOptional && real.length > 0 ? [...real, {}] : real;
  }
}

function sorted(paths: OpenAPIObject['paths']): OpenAPIObject['paths'] {
  const rank = (path: string) => (FIRST.includes(path) ? FIRST.indexOf(path) : FIRST.length);
  return Object.fromEntries(Object.entries(paths).sort(([a], [b]) => rank(a) - rank(b)));
}

/** `/login` is the same operation as `/auth/login`, but every operation needs a unique id. */
function nameShortPaths(document: OpenAPIObject): void {
  for (const [path, item] of Object.entries(document.paths)) {
    const operation = item.post;
    if (!operation || !document.paths[`/auth${path}`]) continue;
    operation.operationId = `${operation.operationId}Short`;
    operation.tags = [SHORT_PATHS];
    operation.summary = `${operation.summary} (short path)`;
    operation.description = `The same as \`/auth${path}\`.`;
  }
}
