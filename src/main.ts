import { useCompileCache } from './lifecycle/compile-cache.js';

useCompileCache();
// Imported only now, because the cache is for modules that are loaded later.
await import('./server.js');
