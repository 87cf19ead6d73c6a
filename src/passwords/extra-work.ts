import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { PasswordHasher } from './password-hasher.js';

const MEASURE_EVERY_MS = 3_600_000;
/** A hash that takes longer than was measured has it measured anew, but no more often than this. */
const MEASURE_AGAIN_AFTER_MS = 60_000;
const MOST_SAMPLES = 20;
const RUNS = 2;
/** What a measurement is multiplied by: hashes that are computed side by side slow each other down. */
const MARGIN = 1.5;

/** What formats put before the hash of another: Portero's own, Flask-Security's and Django's. */
const WRAPPER = String.raw`\$portero-[^$]+\$[^$]+(?=\$)|\$flask-security\$[^$]+\$|(argon2|bcrypt|bcrypt_sha256)\$`;
const SCHEME = String.raw`\{[^}]{1,30}\}|\$?[^$]{1,40}\$(v=\d+\$)?((\d+|[a-z]+=\d+(,[a-z]+=\d+)*)\$)?`;
/** What tells kinds of hashes apart: the format and the parameters of its cost, up to the salt. */
const KIND = `^((${WRAPPER})?(${SCHEME}))`;

/**
 * Keeps the time of a failed login from telling whose hash came from another system, or from former settings. Such a hash
 * costs work beyond the current scheme, which every login computes. While there are some, every failed login takes as
 * long as the costliest of them: what it did not compute it waits for, which takes no CPU from others.
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

  /** How much longer than the current scheme every failed login takes, in milliseconds. */
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

  /** Waits for what a failed login did not compute. @param didMs what it did compute beyond the current scheme */
  async makeUp(didMs: number): Promise<void> {
    if (didMs > this.#mostMs && this.clock.monotonic() - this.#measuredAt >= MEASURE_AGAIN_AFTER_MS) {
      void this.measure();
    }
    if (didMs < this.#mostMs) await sleep(this.#mostMs - didMs);
  }

  /** Finds out which kinds of hashes there are, and what the costliest takes on this machine. Never throws. */
  measure(): Promise<void> {
    this.#measuring ??= this.#measure()
      .catch((err) => this.#logger.warn({ err, msg: 'the cost of foreign password hashes is not measured' }))
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
