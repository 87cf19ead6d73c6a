import { STATEMENT_TIMEOUT_MS } from '../config/time-outs.js';
import { Unavailable } from '../problems/http.errors.js';

export interface GroupCommitOptions<In, Out> {
  /** Runs one statement for all inputs. Returns one output per input, in the same order. It must not wait for locks. */
  together: (inputs: readonly In[]) => Promise<readonly Out[]>;
  /**
   * Runs a statement for one input: a lone one, or one of a batch that failed. It must be safe if the batch was committed
   * nevertheless.
   */
  alone: (input: In) => Promise<Out>;
}

interface Waiting<In, Out> {
  input: In;
  /** The monotonic time of the submission, in milliseconds. */
  since: number;
  resolve: (output: Out) => void;
  reject: (error: unknown) => void;
}

/** The most inputs of one statement. */
export const MAX_BATCH = 128;
/** How long the next batch waits for a lone input, which may wait for a lock, in milliseconds. */
export const MAX_LONE_MS = 50;
/** The most inputs that wait for a statement. Further ones are rejected at once. */
export const MAX_WAITING = 2000;
/** The most inputs of one failed batch that run alone at the same time. */
const MAX_ALONE = 4;
/** The time limit of the statement of a batch, in milliseconds. */
export const BATCH_TIMEOUT_MS = 2000;
/** How long an input waits for its statement to be sent, in milliseconds. It leaves time for the batch, and to run alone. */
const MAX_WAIT_MS = STATEMENT_TIMEOUT_MS / 2;

/**
 * Group commit: inputs that arrive while a statement is in flight share the next statement, so a busy server pays for one
 * round trip, one plan and one commit per batch. An input that arrives when none is in flight is sent at once, by the
 * statement for one input, which is planned faster.
 *
 * If a batch fails, its inputs run alone, so one of them can't fail the others. Every input is settled within
 * `STATEMENT_TIMEOUT_MS`.
 */
export class GroupCommit<In, Out> {
  #waiting: Waiting<In, Out>[] = [];
  #inFlight = false;
  #isLoneInFlight = false;

  constructor(private readonly options: GroupCommitOptions<In, Out>) {}

  /**
   * Adds an input to the next statement.
   *
   * @throws Unavailable if too many inputs are waiting, or the statement took too long; otherwise the error of
   * `options.alone`
   */
  submit(input: In): Promise<Out> {
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(new Unavailable());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ input, since: performance.now(), resolve, reject });
      if (!this.#inFlight) void this.#sendAll();
    });
  }

  async #sendAll(): Promise<void> {
    this.#inFlight = true;
    while (this.#waiting.length > 0) {
      const batch = this.#next();
      const [first] = batch;
      if (first === undefined) continue;
      if (batch.length === 1 && !this.#isLoneInFlight) await this.#sendLone(first);
      else await this.#sendTogether(batch);
    }
    this.#inFlight = false;
  }

  async #sendTogether(batch: Waiting<In, Out>[]): Promise<void> {
    try {
      const outputs = await this.options.together(batch.map(({ input }) => input));
      for (const [index, { resolve }] of batch.entries()) resolve(outputs[index] as Out);
    } catch (error) {
      // In the background: the next batch does not wait.
      void this.#sendAlone(batch, error);
    }
  }

  async #sendLone(input: Waiting<In, Out>): Promise<void> {
    this.#isLoneInFlight = true;
    await new Promise<void>((resolve) => {
      const longEnough = setTimeout(resolve, MAX_LONE_MS);
      void this.#settleAlone(input).then(() => {
        this.#isLoneInFlight = false;
        clearTimeout(longEnough);
        resolve();
      });
    });
  }

  /** Takes the next batch. Rejects inputs that have waited too long. */
  #next(): Waiting<In, Out>[] {
    const tooOld = performance.now() - MAX_WAIT_MS;
    const batch = this.#waiting.splice(0, MAX_BATCH);
    return batch.filter(({ since, reject }) => {
      const isTimely = since > tooOld;
      if (!isTimely) reject(new Unavailable());
      return isTimely;
    });
  }

  async #sendAlone(failed: Waiting<In, Out>[], cause: unknown): Promise<void> {
    const rest = [...failed];
    const worker = async () => {
      for (let one = rest.shift(); one !== undefined; one = rest.shift()) await this.#settleAlone(one, cause);
    };
    await Promise.all(Array.from({ length: MAX_ALONE }, worker));
  }

  async #settleAlone({ input, since, resolve, reject }: Waiting<In, Out>, cause?: unknown): Promise<void> {
    const restMs = since + STATEMENT_TIMEOUT_MS - performance.now();
    if (restMs <= 0) {
      reject(new Unavailable({ cause }));
      return;
    }
    await new Promise<void>((done) => {
      const tooLate = setTimeout(() => {
        reject(new Unavailable({ cause }));
        done();
      }, restMs);
      // A result that comes later has no effect: a promise can be settled only once.
      void this.options
        .alone(input)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(tooLate);
          done();
        });
    });
  }
}
