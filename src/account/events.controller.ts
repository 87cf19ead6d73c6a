import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { validate as isUuid } from 'uuid';
import { AUDIT_EVENTS, type AuditEventType, USER_EVENT_TYPES } from '../audit/audit-events.js';
import { AuditHistory } from '../audit/audit-history.js';
import { CurrentPrincipal, type Principal } from '../http/principal.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ValidationFailed } from '../problems/http.errors.js';
import { unknownMember } from '../problems/validation.js';
import { EventsResponse } from './events.response.js';

const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 20;
const PARAMETERS = ['type', 'before', 'limit'];

@ApiTags('Users')
@Controller('users/me/events')
export class EventsController {
  constructor(private readonly history: AuditHistory) {}

  @Get()
  @ApiProblems(ValidationFailed)
  @ApiOperation({
    summary: 'List your security events',
    description: 'Newest first. For the next page, pass the `next` of a response as `before`.',
    operationId: 'listMyEvents',
  })
  @ApiQuery({
    name: 'type',
    required: false,
    description: 'Only events of this type.',
    schema: { type: 'string', enum: [...USER_EVENT_TYPES] },
  })
  @ApiQuery({
    name: 'before',
    required: false,
    description: 'Only events older than the one with this id: the `next` of the previous page.',
    schema: { type: 'string', format: 'uuid' },
  })
  @ApiQuery({
    name: 'limit',
    required: false,
    description: 'The maximum number of events in the response.',
    schema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
  })
  @ApiOkResponse({ description: 'One page of events.', type: EventsResponse })
  async list(
    @CurrentPrincipal() { userId }: Principal,
    @Query() query: Record<string, unknown>,
  ): Promise<EventsResponse> {
    const { type, before, limit = String(DEFAULT_LIMIT), ...others } = query;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw new ValidationFailed({ faults: [unknownMember(unknown, PARAMETERS)] });
    if (type !== undefined && !isType(type)) throw invalid('type', 'event_type_unknown');
    if (before !== undefined && (typeof before !== 'string' || !isUuid(before))) throw invalid('before', 'not_an_id');
    if (typeof limit !== 'string' || !/^(100|[1-9]\d?)$/.test(limit)) throw invalid('limit', 'limit_out_of_range');
    return EventsResponse.of(await this.history.page({ userId, type, before }, Number(limit)), Number(limit));
  }
}

function isType(type: unknown): type is AuditEventType {
  return typeof type === 'string' && Object.hasOwn(AUDIT_EVENTS, type);
}

function invalid(member: string, code: 'event_type_unknown' | 'not_an_id' | 'limit_out_of_range'): ValidationFailed {
  return new ValidationFailed({ faults: [{ pointer: `/${member}`, code }] });
}
