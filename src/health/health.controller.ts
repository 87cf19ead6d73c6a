import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { FeedConnection } from '../database/feed/feed-connection.js';
import { schemaIsThere } from '../database/schema.js';
import { Public } from '../http/public.decorator.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { Unavailable } from '../problems/http.errors.js';

const PROBE_TIMEOUT_MS = 2000;

class HealthResponse {
  @ApiProperty({ example: 'ok' })
  status!: 'ok';
}

@Public()
@ApiTags('Service')
@ApiProblems()
@Controller('health')
export class HealthController {
  constructor(private readonly database: FeedConnection) {}

  @Get('live')
  @ApiOperation({
    summary: 'Liveness',
    description: 'For a supervisor that restarts the process if it hangs. Does not check the database.',
    operationId: 'showLive',
  })
  @ApiOkResponse({ description: 'The process runs.', type: HealthResponse })
  live(): HealthResponse {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    summary: 'Readiness',
    description: 'For a load balancer. Checks that the database responds and has the schema of this release.',
    operationId: 'showReady',
  })
  @ApiOkResponse({ description: 'The server is ready.', type: HealthResponse })
  async ready(): Promise<HealthResponse> {
    let ready: boolean;
    try {
      // Uses the connection of the feed, which is not busy with requests of users.
      ready = await Promise.race([schemaIsThere(this.database.query), tooLate()]);
    } catch (cause) {
      throw new Unavailable({ cause });
    }
    if (!ready) throw new Unavailable({ cause: new Error('the database does not have the schema of this release') });
    return { status: 'ok' };
  }
}

/** In case the database does not respond at all. */
async function tooLate(): Promise<never> {
  await sleep(PROBE_TIMEOUT_MS, undefined, { ref: false });
  throw new Error(`the database did not respond in ${PROBE_TIMEOUT_MS} ms`);
}
