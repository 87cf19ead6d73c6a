// Lets tools that know only pages and forms test a JSON API. On / it shows a form for every operation of the
// server's OpenAPI document. Posted forms are forwarded as JSON, and responses are returned unchanged except the status:
// hydra stops at 401, so --plain turns every error into 200.
//
//   node form-gateway.mjs URL [--plain] [--user NAME --password PASSWORD]     writes its own URL
//
// With a user, it sends that user's access token, and logs in again after the tool has ended the session.
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { plain: { type: 'boolean', default: false }, user: { type: 'string' }, password: { type: 'string' } },
});
const [upstream] = positionals;
const document = await (await fetch(`${upstream}/openapi.json`)).json();

const resolve = (schema) => (schema?.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)] : schema);

function inputsOf(operation) {
  const content = operation.requestBody?.content ?? {};
  const [type] = Object.keys(content);
  const members = type ? Object.keys(resolve(content[type].schema)?.properties ?? {}) : [];
  return { members, isForm: type === 'application/x-www-form-urlencoded' };
}

/** The operations by their path at the gateway. */
const operations = new Map();
for (const [path, item] of Object.entries(document.paths)) {
  for (const [method, operation] of Object.entries(item)) {
    const parameters = (operation.parameters ?? []).filter((one) => one.in === 'query' || one.in === 'path');
    operations.set(`/${method}${path.replaceAll(/[{}]/g, '')}`, { method, path, parameters, ...inputsOf(operation) });
  }
}

function page() {
  const forms = [...operations].map(([action, { method, members, parameters }]) => {
    const fields = [...members, ...parameters.map(({ name }) => name)];
    const inputs = fields.map((name) => `<input type="text" name="${name}" value="x">`);
    const how = method === 'get' ? 'get' : 'post';
    return `<form method="${how}" action="${action}">${inputs.join('')}<input type="submit"></form>`;
  });
  return `<!doctype html><title>forms</title>${forms.join('\n')}<a href="/docs">docs</a><a href="/docs/errors">errors</a>`;
}

/** The API request for a submitted form. */
function translate({ method, path, parameters, members, isForm }, fields) {
  const query = new URLSearchParams();
  let target = path;
  for (const { name, in: where } of parameters) {
    const value = fields.get(name) ?? '';
    if (where === 'path') target = target.replace(`{${name}}`, encodeURIComponent(value));
    else query.set(name, value);
    fields.delete(name);
  }
  // Unknown fields are forwarded too, because the tool added them.
  const inBody = members.length > 0 || method !== 'get';
  if (!inBody) for (const [name, value] of fields) query.set(name, value);
  const body = isForm ? new URLSearchParams([...fields]).toString() : JSON.stringify(Object.fromEntries(fields));
  const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  return [`${target}?${query}`, inBody ? { body, headers: { 'Content-Type': type } } : { headers: {} }];
}

let bearer;

async function logIn() {
  if (values.user === undefined) return;
  const body = JSON.stringify({ username: values.user, password: values.password });
  const headers = { 'Content-Type': 'application/json' };
  bearer = (await (await fetch(`${upstream}/auth/login`, { method: 'POST', headers, body })).json()).access_token;
}

async function call(target, { headers, ...options }) {
  const authorization = bearer && { Authorization: `Bearer ${bearer}` };
  return await fetch(upstream + target, { redirect: 'manual', ...options, headers: { ...headers, ...authorization } });
}

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString();
  const { pathname, search, searchParams } = new URL(request.url, 'http://gateway');
  const operation = operations.get(pathname);
  // Tools fetch a form's URL before they post to it.
  const isPage = pathname === '/' || (operation && operation.method !== 'get' && request.method === 'GET');
  if (isPage) return response.setHeader('Content-Type', 'text/html').end(page());
  const fields = new Map([...searchParams, ...new URLSearchParams(body)]);
  // Other URLs are forwarded unchanged.
  const [target, options] = operation ? translate(operation, fields) : [pathname + search, { headers: {} }];
  const method = (operation?.method ?? request.method).toUpperCase();
  for (const name of ['cookie', 'user-agent', 'referer']) {
    if (request.headers[name]) options.headers[name] = request.headers[name];
  }
  try {
    let answer = await call(target, { method, ...options });
    if (answer.status === 401 && bearer) {
      await logIn();
      answer = await call(target, { method, ...options });
    }
    const headers = Object.fromEntries(
      [...answer.headers].filter(([name]) => !/^(content-length|connection)$/.test(name)),
    );
    response.writeHead(values.plain && !answer.ok ? 200 : answer.status, headers);
    response.end(Buffer.from(await answer.arrayBuffer()));
  } catch (error) {
    response.writeHead(502).end(error.message);
  }
});
await logIn();
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
