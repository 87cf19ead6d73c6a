import { access, readdirSync } from 'node:fs';
import { availableParallelism, setPriority } from 'node:os';
import { environment } from './environment.js';
import { integer, type Read, readFrom } from './setting.js';

/** Threads of the pool for everything except passwords: DNS, files, compression. */
const RESERVE = 4;
/** The maximum of libuv. */
const MAX_THREADS = 1024;
const MAX_CONCURRENCY = 64;
/** The nice value of the pool's threads: enough for the event loop to go first, and still a share beside other programs. */
const NICENESS = 5;
/** The threads of this process (Linux). */
const THREADS = '/proc/self/task';

/** How many passwords are hashed in parallel: one per core that this process may use. */
export function readHashConcurrency(read: Read): number {
  const parser = integer(1, { min: 1, max: MAX_CONCURRENCY });
  return read('HASH_CONCURRENCY', parser, Math.min(availableParallelism(), MAX_CONCURRENCY));
}

/** The size of the thread pool of Node.js, by default large enough that hashes never occupy all of it. */
export function readThreadPoolSize(read: Read, hashConcurrency: number): number {
  return read('UV_THREADPOOL_SIZE', integer(8, { min: 1, max: MAX_THREADS }), hashConcurrency + RESERVE);
}

/**
 * Sets the size of the thread pool of this process and starts it. This has an effect only before the pool is first used, and
 * Node.js uses it to load an ES module. So `dist/main.js` is CommonJS, and calls this before it loads the bundle.
 */
export function startThreadPool(): void {
  try {
    const read = readFrom(environment());
    process.env.UV_THREADPOOL_SIZE = String(readThreadPoolSize(read, readHashConcurrency(read)));
  } catch {
    // An invalid setting. The server reports it and does not start.
    return;
  }
  if (process.platform === 'linux') yieldToEventLoop();
}

/**
 * Lets the event loop run before the hashes when there are more threads than cores. On Linux, a nice value belongs to a thread,
 * and every process may raise its own.
 */
function yieldToEventLoop(): void {
  try {
    const before = new Set(readdirSync(THREADS));
    // The first use starts all threads of the pool before it returns.
    access('/', () => {});
    for (const thread of readdirSync(THREADS)) if (!before.has(thread)) setPriority(Number(thread), NICENESS);
  } catch {
    // Without /proc, or forbidden. The hashes then compete with the event loop.
  }
}

/** A warning for a pool that `UV_THREADPOOL_SIZE` makes too small. */
export function warningsAboutThreads(threadPoolSize: number, hashConcurrency: number): string[] {
  const needed = hashConcurrency + RESERVE;
  if (threadPoolSize >= needed) return [];
  return [
    `UV_THREADPOOL_SIZE=${threadPoolSize} is too small for HASH_CONCURRENCY=${hashConcurrency}: while passwords are hashed, DNS and files wait for them. Use ${needed} or more, or remove it`,
  ];
}
