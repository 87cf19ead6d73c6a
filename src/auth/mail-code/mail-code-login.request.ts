import type { Transport } from '../../sessions/session.entity.js';
import { EvidenceRequest } from '../email/email.requests.js';
import { type SignInRequest, TransportMember } from '../sign-in.request.js';

export class MailCodeLoginRequest extends EvidenceRequest implements SignInRequest {
  @TransportMember()
  transport?: Transport;
}
