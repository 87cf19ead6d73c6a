import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { ApiAuthenticated } from '../access/api-authenticated.decorator.js';
import { CurrentPrincipal, type Principal } from '../access/principal.js';

class LoggedInAs {
  @ApiProperty({ description: 'The username, else the email.', example: 'ana' })
  logged_in_as!: string;
}

/** A route to try a token on. */
@ApiTags('Auth')
@ApiAuthenticated()
@Controller('protected')
export class ProtectedController {
  @Get()
  @ApiOperation({
    summary: 'Say who is logged in',
    description: 'A route to try an access token on.',
    operationId: 'showLoggedIn',
  })
  @ApiOkResponse({ description: 'The token is good.', type: LoggedInAs })
  show(@CurrentPrincipal() principal: Principal): LoggedInAs {
    return { logged_in_as: principal.name };
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Say who is logged in, to a POST',
    description: 'The same for clients that only post.',
    operationId: 'postLoggedIn',
  })
  @ApiOkResponse({ description: 'The token is good.', type: LoggedInAs })
  post(@CurrentPrincipal() principal: Principal): LoggedInAs {
    return { logged_in_as: principal.name };
  }
}
