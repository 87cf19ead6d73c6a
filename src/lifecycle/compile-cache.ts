import module from 'node:module';
import { join } from 'node:path';

/**
 * Keeps compiled code for the next start, on Node.js 22.1 and later. Without permission to write, it only reads.
 *
 * @param build the folder of the build. Whoever can write there can change the code anyway. In a shared folder such as `/tmp`,
 *   another user could prepare a cache with other code.
 */
export function useCompileCache(build: string): void {
  const { enableCompileCache } = module as { enableCompileCache?: (folder: string) => unknown };
  enableCompileCache?.(join(build, '.compile-cache'));
}
