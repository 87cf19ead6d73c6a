import { CreateUsers1763680000000 } from './1763680000000-create-users.js';
import { CreateSigningKeys1763680100000 } from './1763680100000-create-signing-keys.js';
import { CreateSessions1763680200000 } from './1763680200000-create-sessions.js';
import { RotateSigningKeys1763700000000 } from './1763700000000-rotate-signing-keys.js';
import { CreatePasswordPeppers1763700100000 } from './1763700100000-create-password-peppers.js';
import { CreateClients1763700200000 } from './1763700200000-create-clients.js';
import { SessionFeed1763710000000 } from './1763710000000-session-feed.js';
import { CreateRateLimits1763740000010 } from './1763740000010-create-rate-limits.js';
import { CreateLoginFailures1763740000020 } from './1763740000020-create-login-failures.js';
import { CreateAuditEvents1763750000000 } from './1763750000000-create-audit-events.js';
import { IndexEventsByType1763761000000 } from './1763761000000-index-events-by-type.js';
import { Proofs1763900000000 } from './1763900000000-proofs.js';
import { PartitionAuditEvents1763900100000 } from './1763900100000-partition-audit-events.js';
import { CreateOutbox1763950000000 } from './1763950000000-create-outbox.js';
import { CreateCodes1763950100000 } from './1763950100000-create-codes.js';
import { CreateSecondFactors1763960000000 } from './1763960000000-create-second-factors.js';

/** In the order that they run in. */
export const migrations = [
  CreateUsers1763680000000,
  CreateSigningKeys1763680100000,
  CreateSessions1763680200000,
  RotateSigningKeys1763700000000,
  CreatePasswordPeppers1763700100000,
  CreateClients1763700200000,
  SessionFeed1763710000000,
  CreateRateLimits1763740000010,
  CreateLoginFailures1763740000020,
  CreateAuditEvents1763750000000,
  IndexEventsByType1763761000000,
  Proofs1763900000000,
  PartitionAuditEvents1763900100000,
  CreateOutbox1763950000000,
  CreateCodes1763950100000,
  CreateSecondFactors1763960000000,
];
