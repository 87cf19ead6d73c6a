import type { Strategy } from 'passport';

/**
 * Runs a strategy. Returns undefined if the request has no credential of its kind, and a promise only if the strategy has not
 * called back when its `authenticate` returns.
 */
export type StrategyRunner<Request, User> = (request: Request) => User | undefined | Promise<User | undefined>;

type RunnableStrategy<Request> = Strategy & { authenticate(this: Attempt, request: Request): void };

interface Attempt {
  /** @throws the error of the strategy */
  result(): unknown;
}

/**
 * Runs a Passport strategy by Passport's contract (`success`, `fail`, `error` on an object that inherits from it), with one
 * class for all attempts. `passport.authenticate` creates new functions for every attempt: 4 kB per request that survive
 * garbage collections, and half of the CPU time of small requests.
 */
export function runnerOf<Request, User>(strategy: Strategy): StrategyRunner<Request, User> {
  class StrategyAttempt implements Attempt {
    private outcome: { user?: unknown; error?: unknown } | undefined = undefined;
    private onOutcome: (() => void) | undefined = undefined;

    success(user: unknown): void {
      this.settle({ user });
    }

    /** @param challenge an error if the credential is invalid, a status if there is none */
    fail(challenge: unknown): void {
      this.settle(challenge instanceof Error ? { error: challenge } : {});
    }

    error(error: unknown): void {
      this.settle({ error });
    }

    result(): unknown {
      if (this.outcome === undefined) {
        return new Promise<void>((resolve) => {
          this.onOutcome = resolve;
        }).then(() => this.result());
      }
      if ('error' in this.outcome) throw this.outcome.error;
      return this.outcome.user;
    }

    private settle(outcome: { user?: unknown; error?: unknown }): void {
      this.outcome ??= outcome;
      this.onOutcome?.();
    }
  }
  Object.setPrototypeOf(StrategyAttempt.prototype, strategy);
  const { authenticate } = strategy as unknown as RunnableStrategy<Request>;
  return (request) => {
    const attempt = new StrategyAttempt();
    authenticate.call(attempt, request);
    return attempt.result() as ReturnType<StrategyRunner<Request, User>>;
  };
}
