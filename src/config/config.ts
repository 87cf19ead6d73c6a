import { resolve } from 'node:path';
import { type BrandSettings, readBrand } from './brand.js';
import { type Limits, type LockoutRules, readLimits, readLockout } from './limits.js';
import { type MfaSettings, readMfa, type WebauthnSettings } from './mfa.js';
import { Secret } from './secret.js';
import {
  bareUrl,
  ConfigError,
  duration,
  integer,
  oneOf,
  origins,
  type Parser,
  readFrom,
  text,
  trimSlash,
  url,
} from './setting.js';
import { type Mailbox, readMail, type SmtpServer, warningsAboutMail } from './smtp.js';
import { readHashConcurrency, readThreadPoolSize, warningsAboutThreads } from './thread-pool.js';
import { MIN_REFRESH_GRACE_MS } from './time-outs.js';
import { type TrustedProxies, trustedProxies } from './trusted-proxies.js';
import { warningsAboutNames } from './unknown-names.js';

/** All settings: read once at the start, validated and frozen. Durations are in milliseconds. Inject this class. */
export class Config {
  readonly host!: string;
  readonly port!: number;
  /** Public base URL; the `iss` claim. Has no slash at its end. */
  readonly publicUrl!: string;
  /** A PostgreSQL URL. If undefined, the embedded database in `dataDir` is used. */
  readonly databaseUrl!: string | undefined;
  readonly dataDir!: string;
  readonly secret!: Secret;
  /** Previous secrets: what was issued or sealed with them is still accepted; nothing new is made with them. */
  readonly secretPrevious!: readonly Secret[];
  readonly jwtAlg!: JwtAlg;
  /** Whether RSA keys of 2048 bits may be imported; the minimum is 3072 otherwise. */
  readonly jwtAllowRsa2048!: boolean;
  /** How long a key signs before it is rotated. */
  readonly keyRotation!: number;
  /** The maximum number of verified access tokens in the cache. */
  readonly tokenCacheSize!: number;
  readonly jwtAudience!: string;
  readonly accessTokenTtl!: number;
  readonly refreshTokenTtl!: number;
  readonly sessionTtl!: number;
  /** Idle timeout of cookie sessions. */
  readonly sessionIdleTtl!: number;
  readonly maxSessionsPerUser!: number;
  readonly refreshGrace!: number;
  /** How old an instance's copy of the revocations may be before each request reads the database first. */
  readonly revocationStaleAfter!: number;
  /** `private`: nobody learns who has an account; users are created when they confirm their address. */
  readonly registration!: 'open' | 'closed' | 'private';
  /** Whether only users with a verified address may log in. */
  readonly requireVerifiedEmail!: boolean;
  /** Whether users can sign in with a code that is sent by mail. */
  readonly mailSignIn!: boolean;
  readonly mfa!: MfaSettings['mfa'];
  /** How recent an authentication must be for a sensitive change. */
  readonly stepUpTtl!: number;
  /** How long a device that has passed a second factor is not asked for it again; undefined if it is always asked. */
  readonly trustedDeviceTtl!: number | undefined;
  readonly webauthn!: WebauthnSettings;
  readonly registrationRequires!: readonly ('username' | 'email')[];
  readonly passwordHash!: 'bcrypt' | 'argon2id';
  readonly bcryptCost!: number;
  /** How many passwords are hashed in parallel. */
  readonly hashConcurrency!: number;
  /** The size of the thread pool of Node.js. */
  readonly threadPoolSize!: number;
  readonly hashQueueTimeout!: number;
  readonly passwordMinLength!: number;
  readonly passwordBreachCheck!: 'off' | 'hibp';
  readonly passwordBreachOnError!: 'allow' | 'refuse';
  /** The URL of the range API; five hexadecimal digits are appended. */
  readonly hibpUrl!: string;
  /** Origins whose pages may read responses, spelled as browsers send them. */
  readonly corsOrigins!: readonly string[];
  readonly maxConnections!: number;
  readonly rateLimit!: 'on' | 'off';
  readonly limits!: Limits;
  readonly lockout!: Readonly<LockoutRules>;
  /** Stores the counters of rate limits, instead of the database. */
  readonly redisUrl!: string | undefined;
  /** How long audit events are kept. */
  readonly auditRetention!: number;
  /** Whether successful refreshes are audited. Refused ones always are. */
  readonly auditRefresh!: 'on' | 'off';
  /** Sends mail. If undefined, mail is held in the outbox. */
  readonly smtp!: SmtpServer | undefined;
  readonly mailFrom!: Mailbox;
  readonly mailReplyTo!: Mailbox | undefined;
  /** How long one delivery of a mail may take. */
  readonly mailTimeout!: number;
  readonly trustProxy!: TrustedProxies | undefined;
  readonly brand!: BrandSettings;
  /** A folder with templates that replace Portero's own of the same name. */
  readonly templatesDir!: string | undefined;
  readonly logLevel!: LogLevel;
  readonly logFormat!: 'pretty' | 'json';
}

/** The signature algorithms of access tokens (RFC 7518 §3.1). */
export type JwtAlg = 'ES256' | 'RS256' | 'HS256';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface LoadedConfig {
  config: Config;
  /** Warnings for the operator; none of them prevents the start. */
  warnings: string[];
}

const DAY = 86_400_000;
const YEAR = 365 * DAY;
const HIBP_URL = 'https://api.pwnedpasswords.com/range/';

interface LoadOptions {
  /** Whether standard output is a terminal. */
  terminal?: boolean;
  /** The names in `.env`. Unknown ones cause a warning. */
  namesInFile?: readonly string[];
}

/**
 * Reads the settings from an environment (docs/configuration.md has the table).
 *
 * @throws ConfigError with one line: the variable, what is wrong, and an example
 */
export function loadConfig(env: NodeJS.ProcessEnv, options: LoadOptions = {}): LoadedConfig {
  const { terminal = process.stdout.isTTY === true, namesInFile = [] } = options;
  const known = new Set(['PORTERO_SECRET']);
  const read = readFrom(env, known);
  const port = read('PORT', integer(3000, { min: 0, max: 65_535 }), 3000);
  const publicUrl = trimSlash(read('PUBLIC_URL', bareUrl('https://auth.example.com'), `http://localhost:${port}`));
  const databaseUrl = read<string | undefined>(
    'DATABASE_URL',
    url('postgres://portero:password@localhost:5432/portero', 'postgres', 'postgresql'),
    undefined,
  );
  const dataDir = resolve(read('DATA_DIR', text('./data'), './data'));
  const hashConcurrency = readHashConcurrency(read);
  const corsOrigins = read<readonly string[]>('CORS_ORIGINS', origins('https://app.example.com'), []);
  const config: Config = Object.freeze({
    host: read('HOST', text('0.0.0.0'), '127.0.0.1'),
    port,
    publicUrl,
    databaseUrl,
    dataDir,
    jwtAlg: read<JwtAlg>('JWT_ALG', oneOf('ES256', 'RS256', 'HS256'), 'ES256'),
    jwtAllowRsa2048: read('JWT_ALLOW_RSA_2048', oneOf('true', 'false'), 'false') === 'true',
    jwtAudience: read('JWT_AUDIENCE', text('https://api.example.com'), publicUrl),
    accessTokenTtl: read('ACCESS_TOKEN_TTL', duration('5m', { min: 1000, max: 86_400_000 }), 5 * 60_000),
    refreshTokenTtl: read('REFRESH_TOKEN_TTL', duration('14d', { min: 1000, max: YEAR }), 14 * 86_400_000),
    sessionTtl: read('SESSION_TTL', duration('30d', { min: 1000, max: 10 * YEAR }), 30 * 86_400_000),
    sessionIdleTtl: read('SESSION_IDLE_TTL', duration('30m', { min: 4000, max: YEAR }), 30 * 60_000),
    maxSessionsPerUser: read('MAX_SESSIONS_PER_USER', integer(100, { min: 1, max: 10_000 }), 100),
    refreshGrace: read('REFRESH_GRACE', duration('60s', { min: MIN_REFRESH_GRACE_MS, max: 300_000 }), 60_000),
    revocationStaleAfter: read('REVOCATION_STALE_AFTER', duration('3s', { min: 1500, max: 60_000 }), 3000),
    keyRotation: read('KEY_ROTATION', duration('30d', { min: 60_000, max: 10 * YEAR }), 30 * 86_400_000),
    tokenCacheSize: read('TOKEN_CACHE_SIZE', integer(50_000, { min: 0, max: 5_000_000 }), 50_000),
    secretPrevious: read<readonly Secret[]>('PORTERO_SECRET_PREVIOUS', secrets, []),
    registration: read('REGISTRATION', oneOf('open', 'closed', 'private'), 'open'),
    registrationRequires: read<Config['registrationRequires']>('REGISTRATION_REQUIRES', requirements, ['username']),
    requireVerifiedEmail: read('REQUIRE_VERIFIED_EMAIL', oneOf('off', 'on'), 'off') === 'on',
    mailSignIn: read('MAIL_SIGN_IN', oneOf('off', 'on'), 'off') === 'on',
    passwordHash: read('PASSWORD_HASH', oneOf('bcrypt', 'argon2id'), 'bcrypt'),
    hashConcurrency,
    threadPoolSize: readThreadPoolSize(read, hashConcurrency),
    hashQueueTimeout: read('HASH_QUEUE_TIMEOUT', duration('5s', { min: 100, max: 60_000 }), 5000),
    bcryptCost: read('BCRYPT_COST', integer(12, { min: 4, max: 16 }), 12),
    passwordMinLength: read('PASSWORD_MIN_LENGTH', integer(8, { min: 8, max: 64 }), 8),
    passwordBreachCheck: read('PASSWORD_BREACH_CHECK', oneOf('off', 'hibp'), 'off'),
    passwordBreachOnError: read('PASSWORD_BREACH_ON_ERROR', oneOf('allow', 'refuse'), 'allow'),
    hibpUrl: `${trimSlash(read('HIBP_URL', bareUrl(HIBP_URL), HIBP_URL))}/`,
    corsOrigins,
    ...readMfa(read, publicUrl, corsOrigins),
    maxConnections: read('MAX_CONNECTIONS', integer(10_000, { min: 10, max: 1_000_000 }), 10_000),
    rateLimit: read('RATE_LIMIT', oneOf('on', 'off'), 'on'),
    limits: readLimits(read),
    lockout: readLockout(read),
    redisUrl: read<string | undefined>('REDIS_URL', url('redis://localhost:6379', 'redis', 'rediss'), undefined),
    ...readMail(read, publicUrl),
    trustProxy: read<TrustedProxies | undefined>('TRUST_PROXY', trustedProxies, undefined),
    brand: readBrand(read),
    templatesDir: read<string | undefined>('TEMPLATES_DIR', text('./templates'), undefined),
    auditRetention: read('AUDIT_RETENTION', duration('400d', { min: 30 * DAY, max: 10 * YEAR }), 400 * DAY),
    auditRefresh: read('AUDIT_REFRESH', oneOf('on', 'off'), 'off'),
    logLevel: read('LOG_LEVEL', oneOf('info', 'trace', 'debug', 'warn', 'error', 'fatal', 'silent'), 'info'),
    logFormat: read('LOG_FORMAT', oneOf('pretty', 'json'), terminal ? 'pretty' : 'json'),
    // Last, so that an invalid setting is reported before a secret file is created.
    secret: readSecret(env, databaseUrl, dataDir),
  });
  return {
    config,
    warnings: [...warningsAboutNames(ownNames(env, namesInFile), known), ...warningsAbout(env, config)],
  };
}

function readSecret(env: NodeJS.ProcessEnv, databaseUrl: string | undefined, dataDir: string): Secret {
  if (env.PORTERO_SECRET) return Secret.parse(env.PORTERO_SECRET);
  // Instances that share a database must share the secret, so none of them may generate it.
  if (databaseUrl !== undefined) {
    throw new ConfigError(
      'PORTERO_SECRET',
      'is required with DATABASE_URL and must be the same on every instance',
      '"$(openssl rand -base64 32 | tr +/ -_ | tr -d =)"',
    );
  }
  return Secret.keptIn(dataDir);
}

/** The names that should be settings: those in the file, and those in the environment with Portero's prefix. */
function ownNames(env: NodeJS.ProcessEnv, namesInFile: readonly string[]): string[] {
  return [...namesInFile, ...Object.keys(env).filter((name) => name.startsWith('PORTERO_'))];
}

const secrets: Parser<Secret[]> = (value, name) => value.split(',').map((one) => Secret.parse(one.trim(), name));

const requirements: Parser<('username' | 'email')[]> = (value, name) => {
  const words = oneOf('username', 'email', 'username,email')(value, name);
  return words.split(',') as ('username' | 'email')[];
};

function warningsAbout(env: NodeJS.ProcessEnv, config: Config): string[] {
  const warnings: string[] = [];
  if (config.databaseUrl !== undefined && !env.PUBLIC_URL) {
    warnings.push(
      `PUBLIC_URL is not set: tokens will have the issuer ${config.publicUrl}, and instances with another host or port will reject them. Set PUBLIC_URL to the public base URL on every instance`,
    );
  }
  if (config.rateLimit === 'off') {
    warnings.push(
      'RATE_LIMIT=off: requests and password guesses are not limited. Use this for benchmarks and tests only',
    );
  }
  if (config.bcryptCost < 10) {
    warnings.push(`BCRYPT_COST=${config.bcryptCost} is for tests only: such hashes are cheap to crack. Use 10 or more`);
  }
  return [
    ...warnings,
    ...warningsAboutMail(config),
    ...warningsAboutThreads(config.threadPoolSize, config.hashConcurrency),
  ];
}
