import module from 'node:module';
import { fileURLToPath } from 'node:url';

/** In the build itself: who can write there could change the code as well. A shared folder would let others plant code. */
const FOLDER = fileURLToPath(new URL('./.compile-cache', import.meta.url));

/** Keeps compiled code for the next start, on Node.js 22.1 and later. Without permission to write, it only reads. */
export function useCompileCache(): void {
  (module as { enableCompileCache?: (folder: string) => unknown }).enableCompileCache?.(FOLDER);
}
