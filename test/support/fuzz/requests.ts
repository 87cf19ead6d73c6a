import fc, { type Arbitrary } from 'fast-check';
import {
  CONTENT_TYPES,
  EXTRA_MEMBERS,
  HOSTILE_BODIES,
  HOSTILE_HEADERS,
  HOSTILE_TEXTS,
  HOSTILE_VALUES,
  QUERIES,
} from './hostile.js';

/** An existing user whose account must stay unchanged. */
export const OTHER_USERNAME = 'victim';

interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  example?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
}
interface Parameter {
  in: string;
  name: string;
  required?: boolean;
}
export interface Operation {
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { examples?: Record<string, unknown> }> }>;
}
export interface ApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** A request. `{{name}}` in it is a placeholder for a value of the sender, such as `{{access_token}}`. */
export interface FuzzRequest {
  /** `METHOD path` of the operation that it was made for. */
  operation: string;
  method: string;
  target: string;
  headers: [name: string, value: string][];
  body: string | undefined;
}

/** Requests for every operation of the document: valid, nearly valid and hostile ones. */
export function fuzzRequests(document: ApiDocument): Arbitrary<FuzzRequest> {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => requestOf(document, method.toUpperCase(), path, operation)),
  );
  return fc.oneof(...operations);
}

const hostileText = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 300 }));
const hostileValue = fc.oneof(hostileText, fc.constantFrom(...HOSTILE_VALUES), fc.jsonValue({ maxDepth: 4 }));
/** Mostly the first, because requests with only one fault reach the most code. */
const seldom = <T>(usual: Arbitrary<T>, odd: Arbitrary<T>) =>
  fc.oneof({ weight: 7, arbitrary: usual }, { weight: 1, arbitrary: odd });

function requestOf(document: ApiDocument, method: string, path: string, operation: Operation): Arbitrary<FuzzRequest> {
  const [type = 'application/json', content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const schema = content?.schema;
  const strangers = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
  return fc.record({
    operation: fc.constant(`${method} ${path}`),
    method: seldom(fc.constant(method), fc.constantFrom(...strangers)),
    target: fc
      .tuple(pathOf(path), seldom(fc.constant(''), fc.constantFrom(...QUERIES)))
      .map(([exact, query]) => exact + query),
    headers: headers(type),
    body:
      schema === undefined
        ? seldom(fc.constant(undefined), anyBody())
        : bodyOf(document, schema, type.endsWith('json') ? writeJson : writeForm),
  });
}

function pathOf(template: string): Arbitrary<string> {
  const names = [...template.matchAll(/\{([^}]+)\}/g)].map(([placeholder]) => placeholder);
  const segment = fc.oneof(
    fc.uuid(),
    hostileText.map(encodeSafely),
    fc.constantFrom('.', '..', '%', '%zz', '%2e%2e', '%00'),
  );
  const filled = fc
    .tuple(...names.map(() => segment))
    .map((values) => names.reduce((text, name, index) => text.replace(name, values[index] as string), template));
  const respelled = fc
    .tuple(
      filled,
      fc.constantFrom('/', '//', ';x', '%00', '%2f', '/..', '/%2e%2e/', '%zz', '.json', `/${'x'.repeat(500)}`),
    )
    .map(([text, end]) => text + end);
  return fc.oneof({ weight: 12, arbitrary: filled }, { weight: 1, arbitrary: respelled });
}

function encodeSafely(text: string): string {
  return encodeURIComponent(text.toWellFormed()).slice(0, 2000);
}

function headers(usual: string): Arbitrary<FuzzRequest['headers']> {
  const token = fc.constantFrom(
    '{{access_token}}',
    '{{access_token}}',
    '{{access_token}}',
    '{{refresh_token}}',
    '{{access_token}}A',
  );
  const authorization = fc.option(token, { freq: 4, nil: undefined });
  const type = seldom(fc.constant(usual), fc.constantFrom(...CONTENT_TYPES));
  const printable = fc
    .string({
      unit: fc
        .integer({ min: 0x20, max: 0xff })
        .filter((code) => code !== 0x7f)
        .map((code) => String.fromCharCode(code)),
      maxLength: 100,
    })
    .map((value) => ['X-Anything', value] as [string, string]);
  const odd = fc.array(fc.oneof(fc.constantFrom(...HOSTILE_HEADERS), printable), { minLength: 1, maxLength: 3 });
  return fc
    .tuple(authorization, type, seldom(fc.constant([] as FuzzRequest['headers']), odd))
    .map(([credential, contentType, others]) => [
      ...(credential === undefined ? [] : [['Authorization', `Bearer ${credential}`] as [string, string]]),
      ['Content-Type', contentType],
      ...others,
    ]);
}

type Writer = (entries: [string, unknown][]) => string;

function bodyOf(document: ApiDocument, given: Schema, write: Writer): Arbitrary<string | undefined> {
  const schema = resolve(document, given);
  const members = Object.entries(schema.properties ?? {});
  const required = new Set(schema.required);
  const valid = fc.record(
    Object.fromEntries(members.map(([name, member]) => [name, validMember(name, resolve(document, member))])),
    { requiredKeys: members.map(([name]) => name).filter((name) => required.has(name)) },
  ) as Arbitrary<Record<string, unknown>>;
  const name = fc.oneof(fc.constantFrom(...members.map(([member]) => member), ...EXTRA_MEMBERS), hostileText);
  // Entries, not members: assigning to `__proto__` would not make one.
  const nearly = fc
    .tuple(valid, name, fc.option(hostileValue, { nil: undefined, freq: 5 }))
    .map(([body, key, value]) => {
      const entries = Object.entries(body).filter(([member]) => member !== key);
      return write(value === undefined ? entries : [...entries, [key, value]]);
    });
  return fc.oneof(
    { weight: 5, arbitrary: valid.map((body) => write(Object.entries(body))) },
    { weight: 4, arbitrary: nearly },
    { weight: 1, arbitrary: anyBody() },
  );
}

function writeForm(entries: [string, unknown][]): string {
  return entries
    .map((entry) => entry.map((part) => encodeSafely(typeof part === 'string' ? part : JSON.stringify(part))).join('='))
    .join('&');
}

function writeJson(entries: [string, unknown][]): string {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
}

/** The sender's value of that name, the example of the document, or a value of the right type. */
function validMember(name: string, { enum: words, format, example }: Schema): Arbitrary<unknown> {
  if (words) return fc.constantFrom(...words);
  const fresh = fc.stringMatching(/^[a-z]{4,12}[0-9]{4,8}$/);
  const plausible = format === 'email' ? fresh.map((text) => `${text}@example.com`) : fresh;
  const others = name === 'username' ? [OTHER_USERNAME] : [];
  const known = fc.constantFrom(`{{${name}}}`, `{{${name}}}`, example ?? `{{${name}}}`, ...others);
  return fc.oneof({ weight: 3, arbitrary: known }, { weight: 1, arbitrary: plausible });
}

function anyBody(): Arbitrary<string | undefined> {
  return fc.oneof(
    fc.constantFrom(undefined, '', ...HOSTILE_BODIES),
    fc.json({ maxDepth: 6 }),
    fc.string({ unit: 'binary', maxLength: 1000 }),
  );
}

function resolve({ components }: ApiDocument, schema: Schema): Schema {
  return schema.$ref === undefined ? schema : (components.schemas[schema.$ref.split('/').at(-1) as string] as Schema);
}
