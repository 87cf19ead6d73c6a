import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal } from '../http/principal.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { TokenRevoked } from '../tokens/token.errors.js';
import { UserResponse } from '../users/user.response.js';
import { UsersService } from '../users/users.service.js';

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
}
