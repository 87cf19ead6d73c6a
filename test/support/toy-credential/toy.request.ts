import { ApiProperty } from '@nestjs/swagger';
import { SignInRequest } from '../../../src/auth/sign-in.request.js';
import { Text } from '../../../src/problems/validation.js';

export class ToyRequest extends SignInRequest {
  @ApiProperty()
  @Text()
  username!: string;

  @ApiProperty()
  @Text()
  secret!: string;
}
