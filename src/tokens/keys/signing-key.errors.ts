import type { KeyStatus } from './signing-key.entity.js';

/** The next key can't sign yet, because another instance may not know it. */
export class NextKeyTooNew extends Error {
  override name = 'NextKeyTooNew';

  constructor(readonly waitMs: number) {
    super(`the next key was published a moment ago; it can sign in ${waitMs} ms`);
  }
}

export class UnknownKey extends Error {
  override name = 'UnknownKey';

  constructor(kid: string) {
    super(`there is no key ${kid}`);
  }
}

export class KeyExists extends Error {
  override name = 'KeyExists';

  constructor(kid: string, status: KeyStatus) {
    super(`key ${kid} is there already, as ${status}`);
  }
}
