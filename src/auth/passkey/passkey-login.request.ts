import { type AssertionCredential, PasskeyMember } from '../../passkeys/credential.js';
import { SignInRequest } from '../sign-in.request.js';

export class PasskeyLoginRequest extends SignInRequest {
  @PasskeyMember()
  credential!: AssertionCredential;
}
