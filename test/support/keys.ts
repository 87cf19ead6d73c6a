import { DataSource } from 'typeorm';
import { Sealing } from '../../src/crypto/sealing.js';
import { ChangeFeed } from '../../src/database/feed/change-feed.js';
import { SigningKeyStore } from '../../src/tokens/keys/signing-key-store.js';
import type { TestServer } from './server.js';

/** Changes the keys of a server like another instance. Each call resolves when the server has read the change. */
export interface OtherInstance {
  rotate(due?: () => boolean): Promise<string | undefined>;
  revoke(kid: string): Promise<void>;
  list: SigningKeyStore['list'];
}

export function keysOf(server: TestServer): OtherInstance {
  const manager = server.get(DataSource).manager;
  const settings = { ...server.config, databaseUrl: undefined };
  const store = new SigningKeyStore(manager, new Sealing(server.config), server.clock, settings);
  const heard = async <T>(done: Promise<T>): Promise<T> => {
    const result = await done;
    await server.get(ChangeFeed).catchUp();
    return result;
  };
  return {
    rotate: (due) => heard(store.rotate(due)),
    revoke: (kid) => heard(store.revoke(kid)),
    list: () => store.list(),
  };
}

/** Rotates the keys, so that the next key becomes active. */
export async function rotateKeys(server: TestServer): Promise<OtherInstance> {
  const keys = keysOf(server);
  await keys.rotate();
  return keys;
}
