import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal } from '../http/principal.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';

class LoggedInAs {
  @ApiProperty({ description: 'The username, else the email.', example: 'ana' })
  logged_in_as!: string;
}

/** A route to try a token or a cookie on. */
@ApiTags('Auth')
@Controller('protected')
export class ProtectedController {
  @Get()
  @ApiProblems()
  @ApiOperation({
    summary: 'Say who is logged in',
    description: 'A route to try an access token or a session cookie on.',
    operationId: 'showLoggedIn',
  })
  @ApiOkResponse({ description: 'The token or cookie is good.', type: LoggedInAs })
  show(@CurrentPrincipal() principal: Principal): LoggedInAs {
    return { logged_in_as: principal.name };
  }

  @Post()
  @ApiProblems()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Say who is logged in, to a POST',
    description: 'The same for clients that only post.',
    operationId: 'postLoggedIn',
  })
  @ApiOkResponse({ description: 'The token or cookie is good.', type: LoggedInAs })
  post(@CurrentPrincipal() principal: Principal): LoggedInAs {
    return { logged_in_as: principal.name };
  }
}
