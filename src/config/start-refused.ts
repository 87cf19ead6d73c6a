/** Why the server does not start, in one line for the operator: no stack is needed to mend it. */
export class StartRefused extends Error {
  override name = 'StartRefused';
}
