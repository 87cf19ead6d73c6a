import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';

export const PUBLIC = 'portero:public';

/** Opts a route out of the global guard: it needs no access token. */
export function Public(): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(PUBLIC, true), ApiSecurity({}));
}

/**
 * The same for requests whose body has a member that is a credential in itself. Their handlers get no principal; all others need
 * an access token or a cookie.
 */
export function PublicWith(member: string): MethodDecorator {
  return applyDecorators(SetMetadata(PUBLIC, member), ApiSecurity({}), ApiSecurity('bearer'), ApiSecurity('cookie'));
}
