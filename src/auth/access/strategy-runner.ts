import type { Strategy } from 'passport';

/** Asks a strategy about a request: the user that it finds, or nothing where the request has nothing of its kind. */
export type StrategyRunner<Request, User> = (request: Request) => Promise<User | undefined>;

type Asked<Request> = Strategy & { authenticate(this: Attempt, request: Request): void };

interface Attempt {
  resolve(user: unknown): void;
  reject(error: unknown): void;
}

/**
 * Runs a Passport strategy by Passport's own contract (`success`, `fail`, `error` on an object made from it), with one
 * class for all attempts. `passport.authenticate` makes an object of functions for each, which the garbage collector
 * carries over from one collection to the next: 4 kB a request, and half of all time where the requests are small.
 */
export function runnerOf<Request, User>(strategy: Strategy): StrategyRunner<Request, User> {
  class StrategyAttempt implements Attempt {
    constructor(
      readonly resolve: (user: unknown) => void,
      readonly reject: (error: unknown) => void,
    ) {}

    success(user: unknown): void {
      this.resolve(user);
    }

    /** With an error where the request has a credential of this kind that is refused, else with a status. */
    fail(challenge: unknown): void {
      if (challenge instanceof Error) this.reject(challenge);
      else this.resolve(undefined);
    }

    error(error: unknown): void {
      this.reject(error);
    }
  }
  Object.setPrototypeOf(StrategyAttempt.prototype, strategy);
  const { authenticate } = strategy as unknown as Asked<Request>;
  return (request) =>
    new Promise((resolve, reject) => {
      authenticate.call(new StrategyAttempt(resolve as (user: unknown) => void, reject), request);
    });
}
