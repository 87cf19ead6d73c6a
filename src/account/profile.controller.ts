import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal } from '../http/principal.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { isLanguage, type Language } from '../problems/language.js';
import { Text } from '../problems/validation.js';
import { TokenRevoked } from '../tokens/token.errors.js';
import { UserResponse } from '../users/user.response.js';
import { UsersService } from '../users/users.service.js';

class UpdateUserRequest {
  @ApiProperty({ enum: ['en', 'es'], example: 'es' })
  @Text('language_unknown', isLanguage)
  language!: Language;
}

@ApiTags('Users')
@Controller('users')
export class ProfileController {
  constructor(private readonly users: UsersService) {}

  @Get('me')
  @ApiProblems()
  @ApiOperation({
    summary: 'Show your user',
    description: 'The current data, which may be newer than the claims of the access token.',
    operationId: 'showMe',
  })
  @ApiOkResponse({ description: 'The user.', type: UserResponse })
  async me(@CurrentPrincipal() principal: Principal): Promise<UserResponse> {
    const user = await this.users.find(principal.userId);
    if (!user) throw new TokenRevoked();
    return UserResponse.of(user);
  }

  @Patch('me')
  @ApiOperation({ summary: 'Change your language', description: 'The language of mails.', operationId: 'updateMe' })
  @ApiOkResponse({ description: 'The user.', type: UserResponse })
  @ApiProblems(ValidationFailed)
  async update(
    @CurrentPrincipal() { userId }: Principal,
    @Body() { language }: UpdateUserRequest,
  ): Promise<UserResponse> {
    const user = await this.users.setLanguage(userId, language);
    if (!user) throw new TokenRevoked();
    return UserResponse.of(user);
  }
}
