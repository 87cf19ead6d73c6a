import module from 'node:module';
import { join } from 'node:path';

/**
 * Keeps compiled code for the next start, on Node.js 22.1 and later. Without permission to write, it only reads.
 *
 * @param build the folder of the build. Who can write there could change the code as well; in a shared folder, others could
 * plant code
 */
export function useCompileCache(build: string): void {
  const { enableCompileCache } = module as { enableCompileCache?: (folder: string) => unknown };
  enableCompileCache?.(join(build, '.compile-cache'));
}
