import { Body, Controller, Headers, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { Public } from '../../http/public.decorator.js';
import { Busy, PasswordRejected } from '../../passwords/passwords.errors.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { ValidationFailed } from '../../problems/http.errors.js';
import { negotiateLanguage } from '../../problems/language.js';
import { ValidBodyFirst } from '../../problems/valid-body.guard.js';
import { Limit } from '../../rate-limits/limit.decorator.js';
import { UserResponse } from '../../users/user.response.js';
import { EmailTaken, UsernameTaken } from '../../users/users.errors.js';
import { RegistrationClosed } from '../auth.errors.js';
import { RegisterRequest } from './register.request.js';
import { SelfRegistration } from './self-registration.js';

@ApiTags('Auth')
@Controller()
export class RegistrationController {
  constructor(private readonly registration: SelfRegistration) {}

  @Public()
  @Limit('registrations')
  @ValidBodyFirst(RegisterRequest)
  @Post(['auth/register', 'register'])
  @ApiOperation({
    summary: 'Register a user',
    description:
      'Usernames and emails are unique and case-insensitive, and their Unicode form does not matter: `Ana` and `ana` are the same. `REGISTRATION_REQUIRES` sets which of them are required.',
    operationId: 'register',
  })
  @ApiCreatedResponse({
    description: 'The new user.',
    type: UserResponse,
    headers: { Location: { description: 'The URL of the user.', schema: { type: 'string' } } },
  })
  @ApiAcceptedResponse({
    description:
      'With `REGISTRATION=private`: a mail is on its way. Its link creates the user. The response is the same if the address has an account.',
  })
  @ApiProblems(ValidationFailed, RegistrationClosed, UsernameTaken, EmailTaken, PasswordRejected, Busy)
  async register(
    @Body() body: RegisterRequest,
    @CurrentClient() client: ClientContext,
    @Headers('accept-language') preferred: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserResponse | undefined> {
    const user = await this.registration.register(body, negotiateLanguage(preferred), client);
    if (user === undefined) {
      reply.code(202);
      return undefined;
    }
    reply.header('Location', '/users/me');
    return UserResponse.of(user);
  }
}
