import { Injectable } from '@nestjs/common';
import type { Algorithm } from '@node-rs/argon2';
import bcrypt from 'bcrypt';
import { Config } from '../config/config.js';

export type SchemeName = 'bcrypt' | 'argon2id';

/** A password hashing scheme. Its input is the keyed digest of a password, never the password itself. */
export interface Scheme {
  hash(digest: string): Promise<string>;
  compare(digest: string, hash: string): Promise<boolean>;
  /** Whether a hash has the current parameters. */
  isCurrent(hash: string): boolean;
}

/** `Algorithm.Argon2id` of the library, whose `const enum` has no value in isolated modules. */
const ARGON2ID = 2 as Algorithm;
/** OWASP's Password Storage Cheat Sheet: 46 MiB, one pass, one lane. */
const ARGON2_COST = { memoryCost: 47_104, timeCost: 1, parallelism: 1 };

/** Loaded on first use, because bcrypt is the default. */
const argon2 = () => import('@node-rs/argon2');

/** The schemes by name. `PASSWORD_HASH` selects the current one; hashes of the other are still verified. */
@Injectable()
export class Schemes {
  readonly byName: Readonly<Record<SchemeName, Scheme>>;

  constructor(config: Config) {
    const cost = config.bcryptCost;
    this.byName = {
      bcrypt: {
        hash: (digest) => bcrypt.hash(digest, cost),
        compare: (digest, hash) => bcrypt.compare(digest, hash),
        isCurrent: (hash) => bcrypt.getRounds(hash) === cost,
      },
      argon2id: {
        hash: async (digest) => (await argon2()).hash(digest, { ...ARGON2_COST, algorithm: ARGON2ID }),
        compare: async (digest, hash) => (await argon2()).verify(hash, digest),
        isCurrent: (hash) => hash.startsWith('$argon2id$v=19$m=47104,t=1,p=1$'),
      },
    };
  }
}
