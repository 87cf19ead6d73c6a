import { type ArgumentMetadata, Injectable, type PipeTransform, type Type } from '@nestjs/common';
import {
  getMetadataStorage,
  ValidateBy,
  ValidateIf,
  type ValidationError,
  type ValidationOptions,
  validate,
} from 'class-validator';
import type { Config } from '../config/config.js';
import type { Fault } from './auth-error.js';
import { ValidationFailed } from './http.errors.js';
import type { FaultCode } from './messages.en.js';

/** Of members that are not known, so many are named: a body of 32 KiB can hold thousands. */
const MOST_FAULTS = 20;

/** A DTO that requires more members than its validators can tell. */
interface Demanding {
  /** The members that are required and missing, by the settings. */
  missing?(config: Config): string[];
}

/**
 * Checks a body against its DTO, whose members are the ones with a validator. Bodies are flat: one level of members.
 *
 * @throws ValidationFailed with every fault, up to 20 unknown members
 */
async function validateBody<T extends Demanding>(dto: Type<T>, config: Config, body: unknown = {}): Promise<T> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ValidationFailed({ faults: [{ pointer: '', code: 'not_an_object' }] });
  }
  const known = membersOf(dto);
  const unknown = Object.keys(body).filter((member) => !known.has(member));
  if (unknown.length > 0) {
    throw new ValidationFailed({
      faults: unknown.slice(0, MOST_FAULTS).map((member) => ({ pointer: pointer(member), code: 'unknown_member' })),
    });
  }
  const instance = Object.assign(new dto(), body);
  const missing = instance.missing?.(config) ?? [];
  const faults = [
    ...missing.map((member): Fault => ({ pointer: pointer(member), code: 'required' })),
    ...(await validate(instance)).map(faultOf),
  ];
  if (faults.length > 0) throw new ValidationFailed({ faults });
  return instance;
}

/** Validates every body that a route takes as `@Body()`, whatever guards the route has. */
@Injectable()
export class BodyPipe implements PipeTransform {
  constructor(private readonly config: Config) {}

  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if (type !== 'body' || metatype === undefined) return value;
    return await validateBody(metatype as Type<object>, this.config, value);
  }
}

/** A member that may be left out. `null` is not leaving out: it is refused. */
export function Omittable(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/** A string without NUL and lone surrogates, checked by `accepts` when given. The fault's code names what is wrong. */
export function Text(
  code: FaultCode = 'invalid_text',
  accepts: (value: string) => boolean = () => true,
): PropertyDecorator {
  const check = (name: FaultCode, validator: (value: unknown) => boolean, options?: ValidationOptions) =>
    ValidateBy({ name, validator: { validate: validator, defaultMessage: () => name } }, options);
  // Each check lets pass what another one reports, so that a fault is named once.
  const isText = (value: unknown): value is string => typeof value === 'string';
  const isClean = (value: string) => !value.includes('\0') && value.isWellFormed();
  const all = [
    check('required', (value) => value !== undefined),
    check('not_a_string', (value) => value === undefined || isText(value)),
    check('invalid_text', (value) => !isText(value) || isClean(value)),
    check(code, (value) => !isText(value) || !isClean(value) || accepts(value)),
  ];
  return (target, key) => {
    for (const decorate of all) decorate(target, key);
  };
}

function membersOf(dto: Type<object>): Set<string> {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  return new Set(metadata.map(({ propertyName }) => propertyName));
}

/** A JSON Pointer (RFC 6901 §3). */
export function pointer(member: string): string {
  return `/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function faultOf({ property, constraints = {} }: ValidationError): Fault {
  return { pointer: pointer(property), code: Object.keys(constraints)[0] as FaultCode };
}
