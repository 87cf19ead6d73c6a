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

/** The maximum of unknown members that are reported; a body can contain thousands. */
const MAX_FAULTS = 20;

/** A DTO with required members that depend on the settings. */
interface Demanding {
  /** Returns the names of required members that are missing. */
  missing?(config: Config): string[];
}

/**
 * Validates a body against its request class. Members without a validator are unknown. Bodies are flat.
 *
 * @throws ValidationFailed with every fault, up to 20 unknown members
 */
export async function validateBody<T extends Demanding>(dto: Type<T>, config: Config, body: unknown = {}): Promise<T> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ValidationFailed({ faults: [{ pointer: '', code: 'not_an_object' }] });
  }
  const known = membersOf(dto);
  const unknown = Object.keys(body).filter((member) => !known.has(member));
  if (unknown.length > 0) {
    throw new ValidationFailed({
      faults: unknown.slice(0, MAX_FAULTS).map((member) => unknownMember(member, known)),
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

/** The fault of an unknown member of a body, or of an unknown parameter. */
export function unknownMember(member: string, known: Iterable<string>): Fault {
  return { pointer: pointer(member), code: 'unknown_member', values: { known: [...known].join(', ') || '-' } };
}

/** Validates the `@Body()` of all routes. */
@Injectable()
export class BodyPipe implements PipeTransform {
  constructor(private readonly config: Config) {}

  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if (type !== 'body' || metatype === undefined) return value;
    return await validateBody(metatype as Type<object>, this.config, value);
  }
}

/** An optional member. `null` is rejected. */
export function Omittable(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/** A string without NUL and lone surrogates, optionally checked by `accepts`, with the given fault code. */
export function Text(
  code: FaultCode = 'invalid_text',
  accepts: (value: string) => boolean = () => true,
): PropertyDecorator {
  const check = (name: FaultCode, validator: (value: unknown) => boolean, options?: ValidationOptions) =>
    ValidateBy({ name, validator: { validate: validator, defaultMessage: () => name } }, options);
  // Each check ignores what another one reports, so that each fault appears once.
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

/** `true` or `false`. */
export function Flag(): PropertyDecorator {
  const name: FaultCode = 'not_a_boolean';
  const isBoolean = (value: unknown) => typeof value === 'boolean';
  return ValidateBy({ name, validator: { validate: isBoolean, defaultMessage: () => name } });
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
