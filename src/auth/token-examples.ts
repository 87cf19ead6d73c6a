/** A sample access token for the OpenAPI document. Its key was not kept. */
export const ACCESS_TOKEN_EXAMPLE =
  'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6Ik56YkxzWGg4dURDY2QtNk1Od1hGNFdfN25vV1hGWkFmSGt4WnNSR0M5W' +
  'HMifQ.' +
  'eyJpc3MiOiJodHRwOi8vbG9jYWxob3N0OjMwMDAiLCJhdWQiOiJodHRwOi8vbG9jYWxob3N0OjMwMDAiLCJzdWIiOiIwMTk4MWYwZS02Z' +
  'DNhLTdjNTUtYjFhNC0wYTJmMGM5YmUwMDEiLCJzaWQiOiIwMTk4MWYwZS05ZjIxLTdkM2UtOGE2MC01YjdjMWQyZTNmNDAiLCJqdGkiOi' +
  'IwMTk4MWYwZS05ZjIyLTdiMTEtOWMzZC0yYTRlNmY4MDkxYjMiLCJpYXQiOjE3OTUyNTM0MDAsImV4cCI6MTc5NTI1MzcwMCwiYXV0aF9' +
  '0aW1lIjoxNzk1MjUzNDAwLCJhbXIiOlsicHdkIl0sImNsaWVudF9pZCI6InBvcnRlcm8iLCJwcmVmZXJyZWRfdXNlcm5hbWUiOiJzb2Zp' +
  'YSJ9' +
  '.b2anazKSz0l-4EnRYlEPYtrhNnbLBVOHc-Bzmt9t2ejqNjBaf2qwrF18m4fvzurK9-3oJ3UGuKuan-sw1vsoBA';

/** A sample refresh token: version, session, generation and MAC. No server accepts it. */
export const REFRESH_TOKEN_EXAMPLE = 'AQGYHw6fIX0-imBbfB0uP0AAAAABUNhY4JhezH9gQYqvDMWrWH9CwlcKiECVqejMrND2VFw';

/** A sample CSRF token. */
export const CSRF_TOKEN_EXAMPLE = 'jusSjtL0EzzQo8NCEhs35UwKSpgiP3IcCcsa-mkVAtw';

export const MFA_TOKEN_EXAMPLE = 'Xh1Qy0cJm8q5mYkz3vTn2bLr9WgPfDsAeUoIiKjHtGw';
