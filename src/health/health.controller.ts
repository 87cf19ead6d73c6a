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
    summary: 'Say whether the process runs',
    description: 'For a supervisor that restarts what hangs. Asks nothing else.',
    operationId: 'showLive',
  })
  @ApiOkResponse({ description: 'It runs.', type: HealthResponse })
  live(): HealthResponse {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    summary: 'Say whether requests can be answered',
    description: 'For a load balancer. Asks the database, and whether it has the schema that this release needs.',
    operationId: 'showReady',
  })
  @ApiOkResponse({ description: 'The database answers.', type: HealthResponse })
  async ready(): Promise<HealthResponse> {
    let ready: boolean;
    try {
      // By the feed's connection, which no request of a user keeps busy.
      ready = await Promise.race([schemaIsThere(this.database.query), tooLate()]);
    } catch (cause) {
      throw new Unavailable({ cause });
    }
    if (!ready) throw new Unavailable({ cause: new Error('the schema that this release needs is not there') });
    return { status: 'ok' };
  }
}

/** A database that has gone silent answers nothing, not even no. */
async function tooLate(): Promise<never> {
  await sleep(PROBE_TIMEOUT_MS, undefined, { ref: false });
  throw new Error(`the database did not answer in ${PROBE_TIMEOUT_MS} ms`);
}
