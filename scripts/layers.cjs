/**
 * Imports go in one direction: a folder may import from its own line and the lines above it.
 */
module.exports = [
  ['config', 'clock'],
  ['crypto'],
  ['problems'],
  ['http', 'logging', 'templates'],
  ['database'],
  ['audit'],
  ['outbox'],
  ['mail', 'pages'],
  ['users'],
  ['codes'],
  ['passwords'],
  ['rate-limits'],
  ['notices'],
  ['passkeys'],
  ['second-factors'],
  ['lockout'],
  ['tokens'],
  ['sessions'],
  ['auth'],
  ['account', 'oauth'],
  ['cli', 'health', 'openapi', 'lifecycle'],
];
