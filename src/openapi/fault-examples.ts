import type { OpenAPIObject } from '@nestjs/swagger';
import { PasswordRejected } from '../passwords/passwords.errors.js';
import type { Fault } from '../problems/auth-error.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { describeProblem, type Problem } from '../problems/problem.js';
import { unknownMember } from '../problems/validation.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
interface Schema {
  $ref?: string;
  required?: string[];
  properties?: Record<string, { format?: string; minLength?: number }>;
}

/** Adds `errors` to the examples of problems that have it, with fields of the operation. */
export function addFaultExamples(document: OpenAPIObject): void {
  for (const operation of Object.values(document.paths).flatMap((item) => [
    item.get,
    item.post,
    item.patch,
    item.delete,
  ])) {
    if (operation === undefined) continue;
    const schema = bodyOf(operation, document);
    const [required] = schema?.required ?? [];
    const missing: Fault =
      required === undefined
        ? unknownMember('colour', schema ? Object.keys(schema.properties ?? {}) : queryOf(operation))
        : { pointer: `/${required}`, code: 'required' };
    setFault(operation, ValidationFailed, missing);
    setFault(operation, PasswordRejected, { pointer: `/${newPasswordIn(schema)}`, code: 'password_common' });
  }
}

function queryOf({ parameters = [] }: Operation): string[] {
  return parameters.flatMap((one) => ('name' in one && one.in === 'query' ? one.name : []));
}

function bodyOf({ requestBody }: Operation, { components }: OpenAPIObject): Schema | undefined {
  if (requestBody === undefined || '$ref' in requestBody) return undefined;
  const [content] = Object.values(requestBody.content);
  const schema = content?.schema as Schema | undefined;
  const name = schema?.$ref?.split('/').at(-1);
  return name === undefined ? schema : (components?.schemas?.[name] as Schema);
}

/** Only a new password has a minimum length. */
function newPasswordIn(schema: Schema | undefined): string | undefined {
  const members = Object.entries(schema?.properties ?? {});
  return members.find(([, { format, minLength }]) => format === 'password' && minLength !== undefined)?.[0];
}

function setFault(
  { responses }: Operation,
  kind: typeof ValidationFailed | typeof PasswordRejected,
  fault: Fault,
): void {
  const response = responses[kind.status];
  if (response === undefined || '$ref' in response) return;
  const example = response.content?.['application/problem+json']?.examples?.[kind.code] as
    | { value: Problem }
    | undefined;
  if (example) example.value = describeProblem(new kind({ faults: [fault] }), example.value.request_id, 'en');
}
