import { setTimeout as sleep } from 'node:timers/promises';

const any = (list) => list[Math.floor(Math.random() * list.length)];

/** No data passes between the database and an instance, or all instances. */
const stall = (seconds, chosen) => async (_cluster, instances) => {
  const stalled = chosen === 'all' ? instances : [any(instances)];
  for (const { toDatabase } of stalled) toDatabase.stall();
  await sleep(seconds * 1000);
  for (const { toDatabase } of stalled) toDatabase.resume();
};

/** Statements reach the database and are committed, but their responses are held back. */
const holdDatabase = (seconds) => async (_cluster, instances) => {
  for (const { toDatabase } of instances) toDatabase.holdAnswers();
  await sleep(seconds * 1000);
  for (const { toDatabase } of instances) toDatabase.resume();
};

/** An instance processes requests, but its responses are held back. */
const holdInstance = (seconds) => async (_cluster, instances) => {
  const { toServer } = any(instances);
  toServer.holdAnswers();
  await sleep(seconds * 1000);
  toServer.resume();
};

export const FAULTS = {
  none: async () => sleep(5000),
  'cut-database': async (_cluster, instances) => {
    for (let n = 0; n < 10; n++) {
      any(instances).toDatabase.cut();
      await sleep(500);
    }
  },
  'cut-clients': async (_cluster, instances) => {
    for (let n = 0; n < 10; n++) {
      any(instances).toServer.cut();
      await sleep(500);
    }
  },
  'pause-5s': async (_cluster, instances) => {
    const { child } = any(instances);
    child.kill('SIGSTOP');
    await sleep(5000);
    child.kill('SIGCONT');
  },
  'kill-9': async (_cluster, instances) => {
    for (const instance of instances) {
      await instance.kill('SIGKILL');
      await sleep(1000);
      await instance.boot();
    }
  },
  crash: async (cluster) => {
    cluster.crash();
    await sleep(2000);
    cluster.start();
  },
  'stall-5s': stall(5),
  'stall-13s': stall(13, 'all'),
  'stall-20s': stall(20, 'all'),
  'database-answers-held-13s': holdDatabase(13),
  'database-answers-held-20s': holdDatabase(20),
  'answers-held-13s': holdInstance(13),
  'answers-held-20s': holdInstance(20),
};
