import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { stringify as bytesToUuid, parse as uuidToBytes } from 'uuid';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import type { ClientContext } from '../http/client-context.js';
import { cookieNames } from '../http/cookies.js';

const VERSION = 1;
const BODY_BYTES = 1 + 16 + 16 + 6;
const MAC_BYTES = 32;
const TEXT_LENGTH = Math.ceil(((BODY_BYTES + MAC_BYTES) * 8) / 6);
/** 400 days is the most that browsers keep a cookie (RFC 6265bis §5.5). */
const LIFE_SECONDS = 365 * 86_400;

/** The user of a known device. */
export interface DeviceOwner {
  id: string;
  /** Older device cookies are invalid, because somebody else may have known the previous password. */
  credentialsChangedAt: Date;
}

/**
 * Recognizes the devices that a user has logged in from by a cookie: `version ‖ user ID ‖ device ID ‖ time ‖ MAC`
 * (HMAC-SHA-256). The cookie authenticates nobody. If others have locked the account, the user can still log in on a known
 * device, which has its own count of wrong passwords.
 */
@Injectable()
export class DeviceCookie {
  readonly #key: Buffer;
  readonly #name: string;
  readonly #attributes: string;
  readonly #enabled: boolean;

  constructor(
    config: Config,
    private readonly clock: Clock,
  ) {
    this.#key = config.secret.derive('device-cookie');
    this.#enabled = config.rateLimit === 'on' || config.trustedDeviceTtl !== undefined;
    const secure = config.publicUrl.startsWith('https:');
    this.#name = cookieNames(secure).device;
    this.#attributes = `Path=/; Max-Age=${LIFE_SECONDS}; ${secure ? 'Secure; ' : ''}HttpOnly; SameSite=Lax`;
  }

  /**
   * Returns the value of the cookie for a user who has just authenticated. A known device keeps its ID.
   *
   * @returns undefined with `RATE_LIMIT=off`, unless devices can be trusted
   */
  issue(userId: string, { deviceCookie }: ClientContext): string | undefined {
    if (!this.#enabled) return undefined;
    const known = this.#read(deviceCookie);
    return this.#encode(userId, known?.userId === userId ? known.deviceId : randomBytes(16));
  }

  /** Issues a cookie with a new device ID, which no earlier copy of the cookie has. */
  issueNew(userId: string): { value: string; deviceId: string } {
    const deviceId = randomBytes(16);
    return { value: this.#encode(userId, deviceId), deviceId: deviceId.toString('hex') };
  }

  /** Sets the cookie in a response. @param value from {@link issue} */
  set(reply: FastifyReply, value: string | undefined): void {
    if (value !== undefined) reply.header('Set-Cookie', `${this.#name}=${value}; ${this.#attributes}`);
  }

  /** Returns the ID of a device that the user has logged in from since their credentials last changed. */
  recognise({ deviceCookie }: ClientContext, { id, credentialsChangedAt }: DeviceOwner): string | undefined {
    const known = this.#read(deviceCookie);
    if (known?.userId !== id || known.setAt < credentialsChangedAt.getTime()) return undefined;
    if (known.setAt + LIFE_SECONDS * 1000 <= this.clock.now()) return undefined;
    return known.deviceId.toString('hex');
  }

  /** Returns the device ID of a genuine cookie of the user, however old. */
  idOf(userId: string, { deviceCookie }: ClientContext): string | undefined {
    const known = this.#read(deviceCookie);
    return known?.userId === userId ? known.deviceId.toString('hex') : undefined;
  }

  #encode(userId: string, deviceId: Buffer): string {
    const body = Buffer.alloc(BODY_BYTES);
    body[0] = VERSION;
    body.set(uuidToBytes(userId), 1);
    body.set(deviceId, 17);
    body.writeUIntBE(this.clock.now(), 33, 6);
    return Buffer.concat([body, this.#mac(body)]).toString('base64url');
  }

  #read(text: string | undefined): { userId: string; deviceId: Buffer; setAt: number } | undefined {
    if (text?.length !== TEXT_LENGTH) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.toString('base64url') !== text || bytes[0] !== VERSION) return undefined;
    const body = bytes.subarray(0, BODY_BYTES);
    if (!timingSafeEqual(bytes.subarray(BODY_BYTES), this.#mac(body))) return undefined;
    return {
      userId: bytesToUuid(body.subarray(1, 17)),
      deviceId: body.subarray(17, 33),
      setAt: body.readUIntBE(33, 6),
    };
  }

  #mac(body: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(body).digest();
  }
}
