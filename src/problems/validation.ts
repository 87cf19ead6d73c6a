import { type Type, ValidationPipe } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import {
  ValidateBy,
  ValidateIf,
  type ValidationError,
  type ValidationOptions,
  type ValidatorOptions,
  validate,
} from 'class-validator';
import type { Fault } from './auth-error.js';
import { ValidationFailed } from './http.errors.js';
import type { FaultCode } from './messages.en.js';

const OPTIONS: ValidatorOptions = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };

/** Checks every body against its DTO; refuses members that the DTO does not know. */
export const validationPipe = new ValidationPipe({
  ...OPTIONS,
  transform: true,
  exceptionFactory: (errors) => new ValidationFailed({ faults: faultsOf(errors) }),
});

/**
 * The same check for a body that is read before pipes run, by a guard.
 *
 * @throws ValidationFailed
 */
export async function validateBody<T extends object>(dto: Type<T>, body: unknown): Promise<T> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ValidationFailed({ faults: [{ pointer: '', code: 'not_an_object' }] });
  }
  const instance = plainToInstance(dto, body);
  const errors = await validate(instance, OPTIONS);
  if (errors.length > 0) throw new ValidationFailed({ faults: faultsOf(errors) });
  return instance;
}

/** A member that may be left out. `null` is not leaving out: it is refused. */
export function Omittable(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/** A string without NUL and lone surrogates, checked by `accepts` when given. The fault's code names what is wrong. */
export function Text(code: FaultCode = 'invalid', accepts: (value: string) => boolean = () => true): PropertyDecorator {
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

function faultsOf(errors: ValidationError[]): Fault[] {
  return errors.map(({ property, constraints = {} }) => ({
    pointer: `/${property.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    code: faultCode(Object.keys(constraints)[0]),
  }));
}

function faultCode(constraint: string | undefined): FaultCode {
  return constraint === 'whitelistValidation' ? 'unknown_member' : ((constraint as FaultCode) ?? 'invalid');
}
