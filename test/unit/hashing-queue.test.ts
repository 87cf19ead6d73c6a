import type { Config } from '../../src/config/config.js';
import { HashingTurns } from '../../src/lockout/hashing-turns.js';
import { HashingQueue } from '../../src/passwords/hashing-queue.js';
import { Busy } from '../../src/passwords/passwords.errors.js';
import { MovableClock } from '../support/movable-clock.js';

const queueOf = (hashConcurrency: number, hashQueueTimeout = 5000) =>
  new HashingQueue({ hashConcurrency, hashQueueTimeout } as Config);

/** Work that ends when the test ends it. */
function work() {
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { run: () => ended, end };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test.each([1, 2, 7])('runs at most %i at a time, and all eventually', async (concurrency) => {
  const queue = queueOf(concurrency);
  let running = 0;
  let most = 0;
  const all = Array.from({ length: 100 }, (_, index) =>
    queue.run([`caller-${index % 5}`], async () => {
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

test('clients take turns: one that sends 1,000 delays another by only one [ASVS 15.2.2]', async () => {
  const queue = queueOf(1);
  const order: string[] = [];
  const gate = work();
  const first = queue.run(['greedy'], gate.run);
  const rest = Array.from({ length: 1000 }, () => queue.run(['greedy'], async () => void order.push('greedy')));
  const modest = ['a', 'b'].map((caller) => queue.run([caller], async () => void order.push(caller)));
  gate.end();
  await Promise.all([first, ...modest]);
  expect(order.slice(0, 3)).toEqual(['greedy', 'a', 'b']);
  await Promise.all(rest);
});

/** The order in which one slot hashes for clients that all wait. */
async function orderOf(turns: (readonly string[])[]): Promise<string[]> {
  const queue = queueOf(1);
  const gate = work();
  const running = queue.run(['first'], gate.run);
  const order: string[] = [];
  const all = turns.map((turn) => queue.run(turn, async () => void order.push(turn.join(' '))));
  gate.end();
  await Promise.all([running, ...all]);
  return order;
}

test('twelve addresses that guess once a second do not block the victim, who gets every third turn [ASVS 15.2.2] [attack: starving the queue]', async () => {
  const turns = new HashingTurns(new MovableClock());
  const attackers = Array.from({ length: 12 }, (_, n) => `203.0.113.${n}`);
  for (const address of attackers) await turns.failed(address);
  const flood = await Promise.all(Array.from({ length: 60 }, (_, n) => turns.next(attackers[n % 12])));
  const victims = await Promise.all([
    turns.next('198.51.100.1'),
    turns.next('198.51.100.2'),
    turns.next(attackers[0], 'somebody on a known device'),
  ]);
  const order = await orderOf([...flood, ...victims]);
  const places = victims.map((turn) => order.indexOf(turn.join(' ')));
  expect(Math.max(...places)).toBeLessThan(6);
});

test('endless valid logins from twelve addresses get no more turns than wrong ones', async () => {
  const turns = new HashingTurns(new MovableClock());
  const flood: (readonly string[])[] = [];
  for (let n = 0; n < 120; n++) flood.push(await turns.next(`203.0.113.${n % 12}`, `attacker ${n % 12}`));
  const kinds = flood.map(([kind]) => kind);
  expect(kinds.slice(0, 60)).toEqual(Array(60).fill('known'));
  expect(kinds.slice(60)).toEqual(Array(60).fill('clear'));
  expect((await turns.next('203.0.113.1', 'attacker 1'))[0]).toBe('other');
});

test('a subscriber with any number of IPv6 networks gets the turns of one client [attack: limiter evasion]', async () => {
  const turns = new HashingTurns(new MovableClock());
  const flood = await Promise.all(
    Array.from({ length: 500 }, (_, n) => turns.next(`2001:db8:7:${n.toString(16)}:${n}::1`)),
  );
  const victim = await turns.next('2001:db8:8::1');
  expect((await orderOf([...flood, victim])).indexOf(victim.join(' '))).toBeLessThan(3);
  await turns.failed('2001:db8:9:100::1');
  expect((await turns.next('2001:db8:9:1ff::1'))[0]).toBe('other');
  expect((await turns.next('2001:db8:9:200::1'))[0]).toBe('clear');
});

test('rejects requests that wait longer than the limit with Retry-After, and removes them from the queue', async () => {
  const queue = queueOf(1, 30);
  const gate = work();
  const running = queue.run(['a'], gate.run);
  const refused = await queue.run(['b'], async () => 'never').catch((error) => error);
  expect(refused).toBeInstanceOf(Busy);
  expect(refused.headers).toEqual({ 'Retry-After': expect.stringMatching(/^[1-9]\d*$/) });
  expect(queue.depth).toBe(0);
  gate.end();
  await running;
  expect(await queue.run(['b'], async () => 'now')).toBe('now');
});

test('Retry-After grows with the measured wait in the queue', async () => {
  const queue = queueOf(1, 60);
  await queue.run(['a'], () => new Promise((resolve) => setTimeout(resolve, 200)));
  const gate = work();
  const running = queue.run(['a'], gate.run);
  const all = Array.from({ length: 50 }, () => queue.run(['b'], settle).catch((error: Busy) => error));
  const [first] = await Promise.all(all);
  expect(Number((first as Busy).headers['Retry-After'])).toBeGreaterThanOrEqual(9);
  gate.end();
  await running;
});
