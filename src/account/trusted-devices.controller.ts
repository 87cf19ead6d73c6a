import { Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { type ClientContext, CurrentClient } from '../http/client-context.js';
import { CurrentPrincipal, type Principal } from '../http/principal.js';
import { DeviceCookie } from '../lockout/device-cookie.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { NotFound } from '../problems/http.errors.js';
import { TrustedDevices } from '../second-factors/trusted-devices.js';
import { TrustedDevicesResponse } from './trusted-devices.response.js';

@ApiTags('Users')
@Controller('users/me/trusted-devices')
export class TrustedDevicesController {
  constructor(
    private readonly trusted: TrustedDevices,
    private readonly devices: DeviceCookie,
  ) {}

  @Get()
  @ApiProblems()
  @ApiOperation({
    summary: 'List your trusted devices',
    description:
      'Devices that are not asked for a second factor until `expires_at` (`TRUSTED_DEVICE_TTL`), newest first. Empty if the setting is off.',
    operationId: 'listTrustedDevices',
  })
  @ApiOkResponse({ description: 'The devices.', type: TrustedDevicesResponse })
  async list(
    @CurrentPrincipal() { userId }: Principal,
    @CurrentClient() client: ClientContext,
  ): Promise<TrustedDevicesResponse> {
    return TrustedDevicesResponse.of(await this.trusted.list(userId, this.devices.idOf(userId, client)));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiProblems(NotFound)
  @ApiOperation({
    summary: 'End the trust in a device',
    description:
      'Its next login needs the second factor. Its sessions continue: end them with `DELETE /auth/sessions`.',
    operationId: 'removeTrustedDevice',
  })
  @ApiParam({
    name: 'id',
    description: 'The `id` of a device in the list.',
    schema: { type: 'string', format: 'uuid' },
  })
  @ApiNoContentResponse({ description: 'The device is asked for a second factor again.' })
  async remove(
    @CurrentPrincipal() { userId, sessionId }: Principal,
    @CurrentClient() client: ClientContext,
    @Param('id') id: string,
  ): Promise<void> {
    if (!(await this.trusted.remove(userId, id, { sessionId, client }))) throw new NotFound();
  }
}
