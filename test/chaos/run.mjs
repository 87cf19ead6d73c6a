// node test/chaos/run.mjs [FAULT …]; needs a build. Exits with 1 if an acknowledged change was lost.
import { setTimeout as sleep } from 'node:timers/promises';
import { User } from './clients.mjs';
import { Cluster } from './cluster.mjs';
import { FAULTS } from './faults.mjs';
import { Instance } from './instances.mjs';
import { Ledger } from './ledger.mjs';

const USERS = Number(process.env.USERS ?? 24);
/** REVOCATION_STALE_AFTER: within it every instance rejects sessions that another one has ended. */
const BOUND_MS = 3000;
const RECOVERY_MS = 8000;
/** Clock skew of one instance: within the 30 s that `iat` may be ahead. */
const SKEWS_MS = [25_000, -25_000];

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(FAULTS);
for (const name of names)
  if (!(name in FAULTS)) throw new Error(`${name} is none of ${Object.keys(FAULTS).join(', ')}`);

const cluster = new Cluster();
const instances = [];
const ledger = new Ledger(BOUND_MS);
const stopping = { aborted: false };
try {
  for (const name of ['a', 'b', 'skewed']) instances.push(await new Instance(name, cluster).start());
  const users = Array.from({ length: USERS }, () => new User(instances, ledger));
  const running = Promise.all(users.map((user) => user.run(stopping)));
  for (const skew of SKEWS_MS) {
    instances[2].skewMs = skew;
    await instances[2].kill();
    await instances[2].boot();
    console.log(`one instance ${skew / 1000} s ahead`);
    for (const name of names) await inject(name);
  }
  stopping.aborted = true;
  await running;
  await Promise.all(users.map((user) => user.checkAtTheEnd()));
  if (!ledger.report()) process.exitCode = 1;
} finally {
  await Promise.all(instances.map((instance) => instance.stop()));
  cluster.remove();
}

async function inject(name) {
  const refreshesBefore = ledger.acknowledged.refresh;
  const began = performance.now();
  await FAULTS[name](cluster, instances);
  await sleep(RECOVERY_MS);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const wrong = [ledger.lost, ledger.acceptedAfterLogout, ledger.falseReuse, ledger.unexpected].map((l) => l.length);
  console.log(
    `  ${name}: ${seconds} s, ${ledger.acknowledged.refresh - refreshesBefore} refreshes; ` +
      `lost, accepted, reuse, unexpected so far: ${wrong}`,
  );
}
