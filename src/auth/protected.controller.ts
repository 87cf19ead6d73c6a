import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal } from '../http/principal.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';

class LoggedInAs {
  @ApiProperty({ description: 'The username, or the email if there is none.', example: 'sofia' })
  logged_in_as!: string;
}

/** A route for trying out tokens and cookies. */
@ApiTags('Auth')
@Controller('protected')
export class ProtectedController {
  @Get()
  @ApiProblems()
  @ApiOperation({
    summary: 'Show who is logged in',
    description: 'For trying out an access token or a session cookie.',
    operationId: 'showLoggedIn',
  })
  @ApiOkResponse({ description: 'The token or cookie is valid.', type: LoggedInAs })
  show(@CurrentPrincipal() principal: Principal): LoggedInAs {
    return { logged_in_as: principal.name };
  }

  @Post()
  @ApiProblems()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Show who is logged in (POST)',
    description: 'The same for clients that can only send POST.',
    operationId: 'postLoggedIn',
  })
  @ApiOkResponse({ description: 'The token or cookie is valid.', type: LoggedInAs })
  post(@CurrentPrincipal() principal: Principal): LoggedInAs {
    return { logged_in_as: principal.name };
  }
}
