/**
 * The document as this page shows it. A browser sends the session cookie by itself, no script can set it, and the page adds
 * the CSRF token, so they are not shown.
 */
export function documentOfPage(document) {
  delete document.components.securitySchemes.cookie;
  // With one server there is nothing to choose.
  delete document.servers;
  for (const [method, operation] of Object.values(document.paths).flatMap(Object.entries)) {
    operation.security = operation.security.filter((scheme) => 'bearer' in scheme || 'basic' in scheme);
    if (method !== 'get') operation.parameters = operation.parameters?.filter(({ name }) => name !== 'X-CSRF-Token');
  }
  return document;
}

const isError = (_response, status) => /^[45]/.test(status);

/** Shows the error responses of an operation as one list, closed at first, and adds names for screen readers. */
export function pageComponents({ React }) {
  const h = React.createElement;
  return {
    wrapComponents: {
      responses: (Responses) => (props) =>
        h(
          React.Fragment,
          null,
          h(Responses, { ...props, responses: props.responses.filterNot(isError) }),
          h(Errors, { h, problems: problemsOf(props.responses.filter(isError)) }),
        ),
      TextArea: (TextArea) => (props) => h(TextArea, { 'aria-label': 'Request body', ...props }),
      parameterRow: (ParameterRow) => (props) => {
        React.useEffect(nameSelects, []);
        return h(ParameterRow, props);
      },
      // Otherwise the last field of the dialog gets the focus.
      authorizationPopup: (Popup) => (props) => {
        React.useEffect(() => {
          document.querySelector('.auth-container input')?.focus();
        }, []);
        return h(Popup, props);
      },
    },
  };
}

/** Swagger UI names text fields after their parameters, but not lists. */
function nameSelects() {
  for (const select of document.querySelectorAll('tr[data-param-name] select')) {
    select.setAttribute('aria-label', select.closest('tr').dataset.paramName);
  }
}

function problemsOf(responses) {
  const examples = ([, response]) => response.getIn(['content', 'application/problem+json', 'examples']);
  return [...responses.entries()]
    .sort()
    .flatMap((entry) => [...examples(entry).values()].map((one) => one.toJS().value));
}

function Errors({ h, problems }) {
  if (problems.length === 0) return null;
  const sample = problems.find(({ errors }) => errors) ?? problems[0];
  return h(
    'details',
    { className: 'errors' },
    h('summary', null, `Errors (${problems.length})`),
    h(
      'ul',
      null,
      problems.map(({ code, status, title }) =>
        h(
          'li',
          { key: code },
          h('a', { href: `/docs/errors#${code}` }, code),
          h('b', null, status),
          h('span', null, title),
        ),
      ),
    ),
    h('p', null, `For example, ${sample.code}:`),
    h('pre', null, JSON.stringify(sample, null, 2)),
  );
}
