import { Memory } from './memory.js';
import { documentOfPage, pageComponents } from './view.js';

/* global SwaggerUIBundle */

const SHORT_PATHS = 'Short paths';

followColorScheme();
const document_ = documentOfPage(await (await fetch('/openapi.json')).json());
const memory = new Memory(sessionStorage, document.getElementById('session'));
const ui = SwaggerUIBundle({
  spec: document_,
  dom_id: '#swagger-ui',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  plugins: [pageComponents, memory.plugin],
  requestInterceptor: (request) => memory.addCsrfToken(request),
  onComplete: () => {
    memory.restore(ui.getSystem());
    collapseShortPaths();
  },
});

/** Swagger UI has a dark mode, but does not follow the system. */
function followColorScheme() {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
  dark.addEventListener('change', apply);
  apply();
}

function collapseShortPaths() {
  if (location.hash.includes(SHORT_PATHS.replace(' ', '_'))) return;
  ui.getSystem().layoutActions.show(['operations-tag', SHORT_PATHS], false);
}
