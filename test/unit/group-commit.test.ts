import { setTimeout as sleep } from 'node:timers/promises';
import { GroupCommit, MAX_BATCH, MAX_LONE_MS, MAX_WAITING } from '../../src/database/group-commit.js';
import { Unavailable } from '../../src/problems/http.errors.js';

/** Statements that end when the test ends them. */
function statements() {
  interface Sent {
    inputs: readonly number[];
    end: () => void;
    fail: (error: Error) => void;
  }
  const sent: Sent[] = [];
  const send = <Out>(inputs: readonly number[], outputs: Out) =>
    new Promise<Out>((resolve, reject) => {
      sent.push({ inputs, end: () => resolve(outputs), fail: reject });
    });
  const group = new GroupCommit<number, number>({
    together: (inputs) =>
      send(
        inputs,
        inputs.map((input) => input * 10),
      ),
    alone: (input) => send([input], input + 0.5),
  });
  return { sent, group, inputs: () => sent.map(({ inputs }) => inputs) };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));
const range = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);

test('sends a lone input at once, by the statement for one input', async () => {
  const { sent, group, inputs } = statements();
  const output = group.submit(1);
  expect(inputs()).toEqual([[1]]);
  sent[0]?.end();
  expect(await output).toBe(1.5);
});

test('inputs that arrive while a statement is in flight share the next one, and each gets its own output', async () => {
  const { sent, group, inputs } = statements();
  const outputs = range(6, 1).map((input) => group.submit(input));
  expect(sent).toHaveLength(1);
  sent[0]?.end();
  await settle();
  expect(inputs()).toEqual([[1], [2, 3, 4, 5, 6]]);
  sent[1]?.end();
  expect(await Promise.all(outputs)).toEqual([1.5, 20, 30, 40, 50, 60]);
  const last = group.submit(7);
  expect(sent.at(-1)?.inputs).toEqual([7]);
  sent.at(-1)?.end();
  expect(await last).toBe(7.5);
});

test('limits the inputs of one statement, and keeps their order', async () => {
  const { sent, group, inputs } = statements();
  const outputs = range(MAX_BATCH * 2 + 2).map((input) => group.submit(input));
  for (let index = 0; index < 4; index++) {
    sent[index]?.end();
    await settle();
  }
  expect(inputs().map(({ length }) => length)).toEqual([1, MAX_BATCH, MAX_BATCH, 1]);
  expect(inputs().flat()).toEqual(range(MAX_BATCH * 2 + 2));
  expect(await Promise.all(outputs)).toHaveLength(MAX_BATCH * 2 + 2);
});

test('rejects further inputs while too many are waiting, and accepts them again afterwards', async () => {
  const { sent, group } = statements();
  const outputs = range(MAX_WAITING + 1).map((input) => group.submit(input));
  await expect(group.submit(0)).rejects.toThrow(Unavailable);
  for (let index = 0; sent[index]; index++) {
    sent[index]?.end();
    await settle();
  }
  expect(await Promise.all(outputs)).toHaveLength(MAX_WAITING + 1);
  const again = group.submit(5);
  sent.at(-1)?.end();
  expect(await again).toBe(5.5);
});

test('a lone input that waits does not hold up the next ones, and they do not run alone beside it', async () => {
  const { sent, group, inputs } = statements();
  const locked = group.submit(1);
  const next = group.submit(2);
  const began = performance.now();
  while (sent.length < 2 && performance.now() - began < 5000) await sleep(5);
  expect(performance.now() - began).toBeLessThan(MAX_LONE_MS * 20);
  sent[1]?.end();
  expect(await next).toBe(20);
  await settle();
  const another = group.submit(3);
  sent[2]?.end();
  expect(await another).toBe(30);
  sent[0]?.end();
  expect(await locked).toBe(1.5);
  await settle();
  const afterwards = group.submit(4);
  sent[3]?.end();
  expect(await afterwards).toBe(4.5);
  expect(inputs()).toEqual([[1], [2], [3], [4]]);
});

test('runs the inputs of a failed statement alone, a few at a time, and fails only those that fail again', async () => {
  const { sent, group, inputs } = statements();
  const first = group.submit(0);
  const outputs = Promise.allSettled(range(20, 1).map((input) => group.submit(input)));
  sent[0]?.end();
  await first;
  await settle();
  sent[1]?.fail(new Error('one of them is poisoned'));
  await settle();
  expect(inputs().slice(2)).toEqual([[1], [2], [3], [4]]);
  for (let index = 2; index < 22; index++) {
    if (inputs()[index]?.[0] === 13) sent[index]?.fail(new Error('poisoned'));
    else sent[index]?.end();
    await settle();
  }
  const settled = await outputs;
  expect(settled.filter(({ status }) => status === 'rejected')).toEqual([
    { status: 'rejected', reason: new Error('poisoned') },
  ]);
  expect(settled[12]?.status).toBe('rejected');
});

test('sends the next statement while the inputs of a failed one run alone', async () => {
  const { sent, group, inputs } = statements();
  const first = group.submit(1);
  sent[0]?.end();
  await first;
  await settle();
  const lone = group.submit(2);
  const outputs = [group.submit(3), group.submit(4)];
  sent[1]?.end();
  await lone;
  await settle();
  sent[2]?.fail(new Error('failed'));
  await settle();
  const next = group.submit(5);
  sent.at(-1)?.end();
  expect(await next).toBe(5.5);
  for (const { end } of sent.slice(3)) end();
  expect(await Promise.all(outputs)).toEqual([3.5, 4.5]);
  expect(inputs()).toEqual([[1], [2], [3, 4], [3], [4], [5]]);
});
