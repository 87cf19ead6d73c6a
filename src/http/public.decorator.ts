import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';

export const PUBLIC = 'portero:public';

/** Opts a route out of the global guard: it needs no access token. */
export function Public(): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(PUBLIC, true), ApiSecurity({}));
}

/**
 * Opts requests out of the global guard whose body has a member that is a credential in itself. Their handlers get no principal.
 * The route is documented as one that needs an access token or a cookie.
 */
export function PublicWith(member: string): MethodDecorator {
  return SetMetadata(PUBLIC, member);
}
