import { ApiProperty } from '@nestjs/swagger';
import { Text } from '../../problems/validation.js';

export class ConfirmTotpRequest {
  @ApiProperty({ example: '287082', description: 'The first code of the authenticator app.' })
  @Text()
  code!: string;
}
