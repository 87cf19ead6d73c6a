import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiAuthenticated } from '../access/api-authenticated.decorator.js';
import { CurrentPrincipal, type Principal } from '../access/principal.js';
import { TokenRevoked } from '../access/token.errors.js';
import { UserResponse } from './user.response.js';
import { UsersService } from './users.service.js';

@ApiTags('Users')
@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get('me')
  @ApiAuthenticated()
  @ApiOperation({
    summary: 'Show the logged-in user',
    description: 'As they are now, not as they were when the token was issued.',
    operationId: 'showMe',
  })
  @ApiOkResponse({ description: 'The user.', type: UserResponse })
  async me(@CurrentPrincipal() principal: Principal): Promise<UserResponse> {
    const user = await this.users.find(principal.userId);
    if (!user) throw new TokenRevoked();
    return UserResponse.of(user);
  }
}
