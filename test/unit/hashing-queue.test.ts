import type { Config } from '../../src/config/config.js';
import { HashingQueue } from '../../src/passwords/hashing-queue.js';
import { Busy } from '../../src/passwords/passwords.errors.js';

const queueOf = (hashConcurrency: number, hashQueueTimeout = 5000) =>
  new HashingQueue({ hashConcurrency, hashQueueTimeout } as Config);

/** Work that ends when a test says so. */
function work() {
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { run: () => ended, end };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test.each([1, 2, 7])('never more than %i run at once, and all have their turn', async (concurrency) => {
  const queue = queueOf(concurrency);
  let running = 0;
  let most = 0;
  const all = Array.from({ length: 100 }, (_, index) =>
    queue.run(`caller-${index % 5}`, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
      running -= 1;
      if (index % 10 === 0) throw new Error('wrong');
    }),
  );
  const outcomes = await Promise.allSettled(all);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(10);
  expect([most, running, queue.depth]).toEqual([concurrency, 0, 0]);
});

test('callers take turns: one that sends 1,000 holds up another by one', async () => {
  const queue = queueOf(1);
  const order: string[] = [];
  const gate = work();
  const first = queue.run('greedy', gate.run);
  const rest = Array.from({ length: 1000 }, () => queue.run('greedy', async () => void order.push('greedy')));
  const modest = ['a', 'b'].map((caller) => queue.run(caller, async () => void order.push(caller)));
  gate.end();
  await Promise.all([first, ...modest]);
  expect(order.slice(0, 3)).toEqual(['greedy', 'a', 'b']);
  await Promise.all(rest);
});

test('who waits longer than the limit is refused with Retry-After, and leaves the queue', async () => {
  const queue = queueOf(1, 30);
  const gate = work();
  const running = queue.run('a', gate.run);
  const refused = await queue.run('b', async () => 'never').catch((error) => error);
  expect(refused).toBeInstanceOf(Busy);
  expect(refused.headers).toEqual({ 'Retry-After': expect.stringMatching(/^[1-9]\d*$/) });
  expect(queue.depth).toBe(0);
  gate.end();
  await running;
  expect(await queue.run('b', async () => 'now')).toBe('now');
});

test('Retry-After grows with the queue as measured', async () => {
  const queue = queueOf(1, 60);
  await queue.run('a', () => new Promise((resolve) => setTimeout(resolve, 200)));
  const gate = work();
  const running = queue.run('a', gate.run);
  const all = Array.from({ length: 50 }, () => queue.run('b', settle).catch((error: Busy) => error));
  const [first] = await Promise.all(all);
  expect(Number((first as Busy).headers['Retry-After'])).toBeGreaterThanOrEqual(9);
  gate.end();
  await running;
});
