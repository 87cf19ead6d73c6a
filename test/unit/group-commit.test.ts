import { jest } from '@jest/globals';
import { GroupCommit, MAX_BATCH, MAX_WAITING } from '../../src/database/group-commit.js';
import { Unavailable } from '../../src/problems/http.errors.js';

/** Statements that end when the test ends them. */
function statements() {
  const sent: { inputs: readonly number[]; end: () => void; fail: (error: Error) => void }[] = [];
  const alone = jest.fn(async (input: number) => input * 10);
  const group = new GroupCommit<number, number>({
    together: (inputs) =>
      new Promise((resolve, reject) => {
        sent.push({ inputs, end: () => resolve(inputs.map((input) => input * 10)), fail: reject });
      }),
    alone,
  });
  return { sent, alone, group };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));
const range = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);

test('sends a lone input at once', async () => {
  const { sent, group } = statements();
  const output = group.submit(1);
  expect(sent.map(({ inputs }) => inputs)).toEqual([[1]]);
  sent[0]?.end();
  expect(await output).toBe(10);
});

test('inputs that arrive while a statement is in flight share the next one, and each gets its own output', async () => {
  const { sent, group } = statements();
  const outputs = range(6, 1).map((input) => group.submit(input));
  expect(sent).toHaveLength(1);
  sent[0]?.end();
  await settle();
  expect(sent.map(({ inputs }) => inputs)).toEqual([[1], [2, 3, 4, 5, 6]]);
  sent[1]?.end();
  expect(await Promise.all(outputs)).toEqual([10, 20, 30, 40, 50, 60]);
  void group.submit(7);
  expect(sent.at(-1)?.inputs).toEqual([7]);
});

test('limits the inputs of one statement, and keeps their order', async () => {
  const { sent, group } = statements();
  for (const input of range(MAX_BATCH * 2 + 2)) void group.submit(input);
  for (let index = 0; index < 3; index++) {
    sent[index]?.end();
    await settle();
  }
  expect(sent.map(({ inputs }) => inputs.length)).toEqual([1, MAX_BATCH, MAX_BATCH, 1]);
  expect(sent.flatMap(({ inputs }) => inputs)).toEqual(range(MAX_BATCH * 2 + 2));
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
  expect(await again).toBe(50);
});

test('runs the inputs of a failed statement alone, a few at a time, and fails only those that fail again', async () => {
  const { sent, group, alone } = statements();
  let running = 0;
  let most = 0;
  alone.mockImplementation(async (input) => {
    running += 1;
    most = Math.max(most, running);
    await settle();
    running -= 1;
    if (input === 13) throw new Error('poisoned');
    return input;
  });
  const first = group.submit(0);
  const outputs = range(20, 1).map((input) => group.submit(input));
  sent[0]?.end();
  await first;
  sent[1]?.fail(new Error('one of them is poisoned'));
  const settled = await Promise.allSettled(outputs);
  expect(settled.filter(({ status }) => status === 'rejected')).toEqual([
    { status: 'rejected', reason: new Error('poisoned') },
  ]);
  expect(settled[12]?.status).toBe('rejected');
  expect(most).toBe(4);
});

test('sends the next statement while the inputs of a failed one run alone', async () => {
  const { sent, group, alone } = statements();
  let end: (output: number) => void = () => {};
  const output = new Promise<number>((resolve) => {
    end = resolve;
  });
  alone.mockImplementation(() => output);
  const first = group.submit(1);
  const next = group.submit(2);
  sent[0]?.fail(new Error('failed'));
  await settle();
  sent[1]?.end();
  expect(await next).toBe(20);
  end(11);
  expect(await first).toBe(11);
});
