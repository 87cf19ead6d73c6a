import type { FastifyRequest } from 'fastify';
import { ValidationFailed } from '../problems/http.errors.js';

/** A request with an optional form. */
export type FormRequest = FastifyRequest<{ Body: Record<string, string> | undefined }>;

/** The form that {@link readToken} reads, for the OpenAPI document. */
export const TOKEN_FORM = {
  type: 'object' as const,
  required: ['token'],
  properties: {
    token: { type: 'string' as const, description: 'The token, as the service received it.' },
    token_type_hint: {
      type: 'string' as const,
      description: 'Ignored: the form of a token identifies its type.',
      example: 'access_token',
    },
  },
};

/** The `token` of a form (RFC 7009 §2.1, RFC 7662 §2.1). Other parameters are ignored (RFC 6749 §3.2). @throws ValidationFailed */
export function readToken({ body }: FormRequest): string {
  const token = body?.token;
  if (!token) throw new ValidationFailed({ faults: [{ pointer: '/token', code: 'required' }] });
  return token;
}
