import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { Clock } from '../clock/clock.js';
import type { Config } from '../config/config.js';
import { Sealing, UnsealFailed } from '../crypto/sealing.js';
import { publicJwk } from '../tokens/keys/jwk.js';
import { InvalidKey, readKeys } from '../tokens/keys/key-file.js';
import type { SigningKeyRow } from '../tokens/keys/signing-key.entity.js';
import { KeyExists, NextKeyTooNew, UnknownKey } from '../tokens/keys/signing-key.errors.js';
import { SigningKeyStore } from '../tokens/keys/signing-key-store.js';
import { CommandFailed } from './command-failed.js';
import { table, when } from './table.js';
import { print, type Terminal } from './terminal.js';
import { withDatabase } from './with-database.js';

/** How long services may cache the JWK Set (its `Cache-Control`). */
const JWKS_MAX_AGE_MS = 300_000;

/** `portero keys` */
export function keysCommand(terminal: Terminal): Command {
  const json = ['--json', 'print one JSON object'] as const;
  return new Command('keys')
    .alias('key')
    .description('Manage the keys that sign access tokens.')
    .addCommand(
      new Command('list')
        .description('List the keys and their states.')
        .option(...json)
        .action((options: Options) => list(terminal, options)),
    )
    .addCommand(
      new Command('rotate')
        .description('Make the next key the active one.')
        .option(...json)
        .action((options: Options) => rotate(terminal, options)),
    )
    .addCommand(
      new Command('import')
        .description('Import a private key as the next key.')
        .argument('<file>', 'PEM or JWK')
        .option(...json)
        .action((file: string, options: Options) => importKey(terminal, file, options)),
    )
    .addCommand(
      new Command('export')
        .description(
          'Print a key as JWK, for services that verify tokens: the public key, or the secret of an HS256 key.',
        )
        .argument('<kid>', 'ID of the key')
        .action((kid: string) => exportKey(terminal, kid)),
    )
    .addCommand(
      new Command('revoke')
        .description('Revoke a key. The tokens that it signed are rejected at once.')
        .argument('<kid>', 'ID of the key')
        .option(...json)
        .action((kid: string, options: Options) => revoke(terminal, kid, options)),
    );
}

interface Options {
  json?: true;
}

async function list(terminal: Terminal, { json }: Options): Promise<void> {
  const keys = (await withStore(terminal, (store) => store.list())).map((key) => ({
    kid: key.kid,
    alg: key.alg,
    status: key.revokedAt === null ? key.status : 'revoked',
    created_at: key.createdAt.toISOString(),
    activated_at: key.activatedAt?.toISOString() ?? null,
    published_until: key.publishedUntil?.toISOString() ?? null,
  }));
  if (json) return print(terminal, JSON.stringify({ keys }));
  const rows = keys.map((key) => [
    key.kid,
    key.alg,
    key.status,
    when(new Date(key.created_at)),
    key.status === 'retiring' && key.published_until ? when(new Date(key.published_until)) : '-',
  ]);
  const header = ['KEY', 'ALGORITHM', 'STATE', 'CREATED', 'PUBLISHED UNTIL'];
  print(terminal, rows.length > 0 ? table(header, rows) : 'no keys: the server creates them at its first start');
}

async function rotate(terminal: Terminal, { json }: Options): Promise<void> {
  const { kid, publishedMs } = await withStore(terminal, async (store) => {
    for (;;) {
      const next = (await store.list()).find(({ status }) => status === 'next');
      if (next === undefined) throw new CommandFailed('there are no keys: the server creates them at its first start');
      try {
        return { kid: await store.rotate(), publishedMs: Date.now() - next.createdAt.getTime() };
      } catch (error) {
        if (!(error instanceof NextKeyTooNew)) throw error;
        terminal.stderr.write('waiting until every instance has read the next key …\n');
        await sleep(error.waitMs);
      }
    }
  });
  if (publishedMs < JWKS_MAX_AGE_MS) {
    terminal.stderr.write(
      `the key was published ${Math.round(publishedMs / 1000)} s ago: services that have cached the previous JWK Set may reject its tokens, for at most five minutes\n`,
    );
  }
  print(terminal, json ? JSON.stringify({ active: kid }) : `${kid} is the active key`);
}

async function importKey(terminal: Terminal, file: string, { json }: Options): Promise<void> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new CommandFailed(`can't read ${file}: ${cause.message}`, { cause });
  });
  const kid = await withStore(
    terminal,
    async (store, config) => {
      const [key, ...others] = readKeys(text, { allowRsa2048: config.jwtAllowRsa2048 });
      if (key === undefined || others.length > 0)
        throw new InvalidKey(`contains ${others.length + (key ? 1 : 0)} keys, not one`);
      return await store.import(key);
    },
    file,
  );
  print(
    terminal,
    json ? JSON.stringify({ next: kid }) : `${kid} is the next key; to make it the active one, run portero keys rotate`,
  );
}

async function exportKey(terminal: Terminal, kid: string): Promise<void> {
  const key = await withStore(terminal, async (store) => {
    const row = (await store.list()).find((one) => one.kid === kid && one.sealedKey !== null);
    if (row === undefined) throw new UnknownKey(kid);
    return store.open(row);
  });
  const secret = { ...key.publicKey.export({ format: 'jwk' }), use: 'sig', alg: key.alg, kid };
  print(terminal, JSON.stringify(key.alg === 'HS256' ? secret : publicJwk(key.publicKey, key.alg, kid)));
}

async function revoke(terminal: Terminal, kid: string, { json }: Options): Promise<void> {
  await withStore(terminal, (store) => store.revoke(kid));
  print(terminal, json ? JSON.stringify({ kid, revoked: true }) : `revoked ${kid}: its tokens are rejected`);
}

/** @param file the subject of messages about an invalid key */
async function withStore<T>(
  terminal: Terminal,
  work: (store: SigningKeyStore, config: Config) => Promise<T>,
  file = 'the key',
): Promise<T> {
  try {
    return await withDatabase(terminal, async (session, config) => {
      const store = new SigningKeyStore(session.manager, new Sealing(config), new Clock(), config);
      // Before any work, because the command must not seal keys with a secret that the servers do not have.
      for (const row of await store.list()) requireOpen(store, row);
      return await work(store, config);
    });
  } catch (error) {
    if (error instanceof UnsealFailed) {
      throw new CommandFailed('PORTERO_SECRET is not the secret that sealed the signing keys in this database');
    }
    if (error instanceof InvalidKey) throw new CommandFailed(`${file} ${error.message}`, { cause: error });
    if (error instanceof UnknownKey || error instanceof KeyExists) throw new CommandFailed(error.message);
    throw error;
  }
}

/** @throws UnsealFailed, CommandFailed */
function requireOpen(store: SigningKeyStore, row: SigningKeyRow): void {
  if (row.sealedKey === null) return;
  try {
    store.open(row);
  } catch (error) {
    if (!(error instanceof InvalidKey)) throw error;
    throw new CommandFailed(`the key ${row.kid} in the database ${error.message}`, { cause: error });
  }
}
