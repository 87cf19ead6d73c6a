import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { PasswordHasher } from './password-hasher.js';

const MEASURE_EVERY_MS = 3_600_000;
/** If a hash takes longer than measured, the measurement is repeated, but not more often than this. Milliseconds. */
const MEASURE_AGAIN_AFTER_MS = 60_000;
const MOST_SAMPLES = 20;
const RUNS = 2;
/** A safety factor: parallel hashes slow each other down. */
const MARGIN = 1.5;

/** Prefixes before the hash of another format, of Portero, Flask-Security and Django. */
const WRAPPER = String.raw`\$portero-[^$]+\$[^$]+(?=\$)|\$flask-security\$[^$]+\$|(argon2|bcrypt|bcrypt_sha256)\$`;
const SCHEME = String.raw`\{[^}]{1,30}\}|\$?[^$]{1,40}\$(v=\d+\$)?((\d+|[a-z]+=\d+(,[a-z]+=\d+)*)\$)?`;
/** The kind of a hash: its format and cost parameters, up to the salt. */
const KIND = `^((${WRAPPER})?(${SCHEME}))`;

/**
 * Hides in the time of a failed login whether the account's hash is foreign or has outdated parameters. Verifying such a hash
 * takes extra work, beyond the current scheme that every login computes. As long as the database contains such hashes, every
 * failed login takes as long as the most expensive kind: it waits for the difference, which uses no CPU.
 */
@Injectable()
export class ExtraWork implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(ExtraWork.name);
  #timer: NodeJS.Timeout | undefined;
  #mostMs = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;
  #measuring: Promise<void> | undefined;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly hasher: PasswordHasher,
    private readonly clock: Clock,
  ) {}

  /** The extra time of every failed login, in milliseconds. */
  get mostMs(): number {
    return this.#mostMs;
  }

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.measure(), MEASURE_EVERY_MS).unref();
    void this.measure();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#measuring;
  }

  /** Waits for the rest of the extra time. @param didMs the extra work that was done, in milliseconds */
  async makeUp(didMs: number): Promise<void> {
    if (didMs > this.#mostMs && this.clock.monotonic() - this.#measuredAt >= MEASURE_AGAIN_AFTER_MS) {
      void this.measure();
    }
    if (didMs < this.#mostMs) await sleep(this.#mostMs - didMs);
  }

  /** Measures the most expensive kind of hash in the database. Never throws. */
  measure(): Promise<void> {
    this.#measuring ??= this.#measure()
      .catch((err) => this.#logger.warn({ err, msg: 'the cost of foreign password hashes could not be measured' }))
      .finally(() => {
        this.#measuring = undefined;
      });
    return this.#measuring;
  }

  async #measure(): Promise<void> {
    this.#measuredAt = this.clock.monotonic();
    const samples: { stored: string }[] = await this.database.query(
      `SELECT min(password_hash) AS stored FROM users WHERE password_hash IS NOT NULL
        GROUP BY substring(password_hash FROM $1) LIMIT $2`,
      [KIND, MOST_SAMPLES],
    );
    let mostMs = 0;
    for (const { stored } of samples) {
      const runs: number[] = [];
      for (let run = 0; run < RUNS; run++) runs.push(await this.hasher.extraMsOf(stored));
      mostMs = Math.max(mostMs, Math.min(...runs) * MARGIN);
    }
    this.#mostMs = mostMs;
  }
}
