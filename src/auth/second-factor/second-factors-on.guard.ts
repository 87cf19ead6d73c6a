import { type CanActivate, Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { NotFound } from '../../problems/http.errors.js';

/** Hides the routes of second factors with `MFA=off`. */
@Injectable()
export class SecondFactorsOnGuard implements CanActivate {
  constructor(private readonly config: Config) {}

  /** @throws NotFound */
  canActivate(): true {
    if (this.config.mfa === 'off') throw new NotFound();
    return true;
  }
}
