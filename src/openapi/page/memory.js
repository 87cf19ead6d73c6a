const KEY = 'portero.session';
const SAFE = /^(get|head|options)$/i;
const LOGIN = ['/auth/login', '/login'];
const REFRESH = ['/auth/refresh', '/refresh'];

/**
 * Remembers tokens in the session storage of the tab, so that they survive a reload, and passwords only in the boxes of the page.
 */
export class Memory {
  #storage;
  #status;
  /** `access_token`, `refresh_token`, `csrf_token`, and the `name` of a user who logged in by cookie. */
  #session;
  /** The last request body of each operation. */
  #sent = new Map();

  constructor(storage, status) {
    this.#storage = storage;
    this.#status = status;
    this.#session = parse(storage.getItem(KEY)) ?? {};
    this.#show();
  }

  /** A plugin of Swagger UI that observes requests, responses and the dialog "Authorize". */
  plugin = () => ({
    statePlugins: {
      spec: {
        wrapActions: {
          setMutatedRequest: (original) => (path, method, request) => {
            this.#sent.set(`${method} ${path}`, parse(request.body));
            return original(path, method, request);
          },
          setResponse: (original, system) => (path, method, response) => {
            const result = original(path, method, response);
            if (response.status >= 200 && response.status < 300) this.#learn(system, path, method, response);
            return result;
          },
        },
      },
      auth: {
        wrapActions: {
          authorize: (original) => (credentials) => {
            if (credentials.bearer) this.#keep({ ...this.#session, access_token: credentials.bearer.value });
            return original(credentials);
          },
          logout: (original) => (schemes) => {
            const { access_token, refresh_token, ...others } = this.#session;
            if (schemes.includes('bearer')) this.#keep(others);
            return original(schemes);
          },
        },
      },
    },
  });

  /** Used after the page is loaded. */
  restore(system) {
    const { access_token, refresh_token } = this.#session;
    if (access_token) authorize(system, access_token);
    if (refresh_token) fill(system, REFRESH, { refresh_token });
  }

  addCsrfToken(request) {
    const { csrf_token } = this.#session;
    const usesCookie = csrf_token && !SAFE.test(request.method) && !request.headers.Authorization;
    if (usesCookie) request.headers['X-CSRF-Token'] = csrf_token;
    return request;
  }

  #learn(system, path, method, { body, url }) {
    const route = `${method} ${path.replace(/^\/auth(?=\/(register|login|logout)$)/, '')}`;
    const sent = this.#sent.get(`${method} ${path}`) ?? {};
    this.#learnTokens(system, body ?? {});
    if (route === 'post /register' || route === 'post /login') {
      const { username, email, password } = sent;
      fill(system, LOGIN, { username, email, password });
      fillPassword(system, password);
    }
    if (route === 'post /users/me/password') {
      fill(system, LOGIN, { password: sent.new_password });
      fillPassword(system, sent.new_password);
      if (this.#session.csrf_token) {
        unauthorize(system);
        this.#fetchCsrfToken();
      }
    }
    if (this.#isEnd(route, url)) this.#end(system);
  }

  #learnTokens(system, { access_token, refresh_token, csrf_token, user }) {
    if (refresh_token) fill(system, REFRESH, { refresh_token });
    if (access_token) {
      this.#session = refresh_token ? { refresh_token } : this.#session;
      authorize(system, access_token);
    } else if (csrf_token && user) {
      unauthorize(system);
      this.#keep({ csrf_token, name: user.username ?? user.email });
    } else if (csrf_token) {
      this.#keep({ ...this.#session, csrf_token });
    }
  }

  /** The new cookie of a password change has a new CSRF token, and an access token of the old session has ended. */
  async #fetchCsrfToken() {
    const { csrf_token } = await (await fetch('/auth/csrf')).json();
    this.#keep({ ...this.#session, csrf_token });
  }

  #isEnd(route, url) {
    if (route === 'delete /auth/sessions') return !url.includes('keep=current');
    if (route === 'delete /auth/sessions/{id}') return url.endsWith(`/${claims(this.#session.access_token).sid}`);
    return route === 'post /logout' || route === 'delete /users/me';
  }

  #end(system) {
    unauthorize(system);
    fill(system, REFRESH, { refresh_token: '' });
    this.#keep({});
  }

  #keep(session) {
    this.#session = session;
    this.#storage.setItem(KEY, JSON.stringify(session));
    this.#show();
  }

  #show() {
    const { access_token, csrf_token, name = 'a user' } = this.#session;
    const bearer =
      access_token && `Logged in as ${claims(access_token).preferred_username ?? 'a user'} with an access token`;
    const cookie = csrf_token && `Logged in as ${name} with a session cookie`;
    this.#status.textContent = bearer ?? cookie ?? 'Not logged in';
    this.#status.classList.toggle('is-in', Boolean(bearer ?? cookie));
  }
}

function authorize({ authActions, specSelectors }, value) {
  const schema = specSelectors.securityDefinitions().get('bearer');
  authActions.authorize({ bearer: { name: 'bearer', schema, value } });
}

/** Swagger UI fails if it has no token. */
function unauthorize({ authActions, authSelectors }) {
  if (authSelectors.authorized()?.has('bearer')) authActions.logout(['bearer']);
}

function fillPassword(system, password) {
  fill(system, ['/users/me/password'], { current_password: password, new_password: 'another horse, another staple' });
  fill(system, ['/users/me'], { password }, 'delete');
}

/** Sets fields in the request bodies of operations, which the page shows in boxes. */
function fill({ oas3Actions, oas3Selectors }, paths, members, method = 'post') {
  for (const path of paths) {
    const pathMethod = [path, method];
    const shown = parse(oas3Selectors.requestBodyValue(...pathMethod));
    const value = JSON.stringify({ ...shown, ...members }, null, 2);
    oas3Actions.setRequestBodyValue({ value, pathMethod });
    // Otherwise the box is emptied when it is first shown.
    oas3Actions.setRetainRequestBodyValueFlag({ value: true, pathMethod });
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The claims of an access token, not verified; none if it is not a JWT. */
function claims(token) {
  const [, part = ''] = (token ?? '').split('.');
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (byte) => byte.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}
