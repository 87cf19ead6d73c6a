import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, UseGuards } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { SecondFactorsOnGuard } from '../../auth/second-factor/second-factors-on.guard.js';
import { RequireStepUp } from '../../auth/step-up/recent-auth.decorators.js';
import { type ClientContext, CurrentClient } from '../../http/client-context.js';
import { CurrentPrincipal, type Principal } from '../../http/principal.js';
import { NewPasskeyMember, type RegistrationCredential } from '../../passkeys/credential.js';
import { nameOf, PasskeyName } from '../../passkeys/passkey-name.js';
import { PasskeyCreationOptions } from '../../passkeys/passkey-options.js';
import { NewPasskeyInvalid, TooManyPasskeys } from '../../passkeys/passkeys.errors.js';
import { ApiProblems } from '../../problems/api-problems.decorator.js';
import { NotFound, ValidationFailed } from '../../problems/http.errors.js';
import { AddedPasskeyResponse, PasskeyResponse, PasskeysResponse } from './passkeys.response.js';
import { UserPasskeys } from './user-passkeys.js';

class AddPasskeyRequest {
  @NewPasskeyMember()
  credential!: RegistrationCredential;

  @PasskeyName({ isRequired: false })
  name?: string;
}

class RenamePasskeyRequest {
  @PasskeyName()
  name!: string;
}

const ID = {
  name: 'id',
  description: 'The `id` of a passkey in the list.',
  schema: { type: 'string', format: 'uuid' },
};

@ApiTags('Users')
@Controller('users/me/passkeys')
@UseGuards(SecondFactorsOnGuard)
export class PasskeysController {
  constructor(private readonly passkeys: UserPasskeys) {}

  @Post('options')
  @HttpCode(200)
  @RequireStepUp()
  @ApiProblems(NotFound)
  @ApiOperation({
    summary: 'Begin to add a passkey',
    description:
      'The options for `navigator.credentials.create()`, after `PublicKeyCredential.parseCreationOptionsFromJSON()`.',
    operationId: 'beginPasskey',
  })
  @ApiOkResponse({ description: 'PublicKeyCredentialCreationOptionsJSON.', type: PasskeyCreationOptions })
  async options(@CurrentPrincipal() principal: Principal): Promise<PasskeyCreationOptions> {
    return await this.passkeys.creationOptions(principal);
  }

  @Post()
  @RequireStepUp()
  @ApiProblems(ValidationFailed, NewPasskeyInvalid, NotFound, TooManyPasskeys)
  @ApiOperation({
    summary: 'Add a passkey',
    description:
      'From now on, a login with the password needs a second factor. With the first second factor, the response contains recovery codes.',
    operationId: 'addPasskey',
  })
  @ApiCreatedResponse({ description: 'The passkey.', type: AddedPasskeyResponse })
  async add(
    @CurrentPrincipal() principal: Principal,
    @CurrentClient() client: ClientContext,
    @Body() { credential, name }: AddPasskeyRequest,
  ): Promise<AddedPasskeyResponse> {
    const passkey = { credential, name: nameOf(name, client.userAgent) };
    return AddedPasskeyResponse.ofAdded(await this.passkeys.add(principal, client, passkey));
  }

  @Get()
  @ApiProblems(NotFound)
  @ApiOperation({ summary: 'List your passkeys', description: 'The oldest one first.', operationId: 'listPasskeys' })
  @ApiOkResponse({ description: 'The passkeys.', type: PasskeysResponse })
  async list(@CurrentPrincipal() principal: Principal): Promise<PasskeysResponse> {
    return { passkeys: (await this.passkeys.list(principal)).map(PasskeyResponse.of) };
  }

  @Patch(':id')
  @RequireStepUp()
  @ApiProblems(ValidationFailed, NotFound)
  @ApiOperation({ summary: 'Rename a passkey', description: 'The name is for the user.', operationId: 'renamePasskey' })
  @ApiParam(ID)
  @ApiOkResponse({ description: 'The passkey.', type: PasskeyResponse })
  async rename(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Body() { name }: RenamePasskeyRequest,
  ): Promise<PasskeyResponse> {
    return PasskeyResponse.of(await this.passkeys.rename(principal, id, name));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireStepUp()
  @ApiProblems(NotFound)
  @ApiOperation({
    summary: 'Remove a passkey',
    description: 'Without another second factor, the recovery codes are removed too.',
    operationId: 'removePasskey',
  })
  @ApiParam(ID)
  @ApiNoContentResponse({ description: 'The passkey is removed.' })
  async remove(
    @CurrentPrincipal() principal: Principal,
    @CurrentClient() client: ClientContext,
    @Param('id') id: string,
  ): Promise<void> {
    await this.passkeys.remove(principal, client, id);
  }
}
