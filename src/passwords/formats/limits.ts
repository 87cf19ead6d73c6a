/**
 * Limits for the parameters of foreign hashes, checked before hashing. Each admits more than the defaults of the programs that
 * write the format. Measured at the limits on one core of an AMD EPYC server: 1.3 s for SHA-crypt, 0.9 s for
 * bcrypt, 0.7 s for PBKDF2 with SHA-512, 0.6 s for scrypt, 0.4 s for argon2, and never more than 129 MiB.
 */
export const LIMITS = Object.freeze({
  /** Length of the stored text in UTF-16 units; checked first. */
  storedLength: 4096,
  saltBytes: 1024,
  /** Iterations for one block of output, with any digest. Django 6 asks for 1,200,000, Werkzeug 3.1 for 1,000,000. */
  pbkdf2Iterations: 2_000_000,
  /** N × r: 128 bytes each, so 128 MiB. Werkzeug asks for 2^18, passlib for 2^19, OWASP for 2^20. */
  scryptMemory: 2 ** 20,
  /** N × r × p. Django asks for 5 × 2^17. */
  scryptWork: 2 ** 21,
  scryptBlockSize: 32,
  scryptParallelism: 32,
  /** KiB. Django asks for 102,400, RFC 9106's second choice for 65,536. */
  argon2Memory: 131_072,
  /** KiB × passes. */
  argon2Work: 2 ** 20,
  argon2Parallelism: 16,
  /** log2 of the iterations. */
  bcryptCost: 14,
  /** passlib asks for 656,000 of SHA-512 and 535,000 of SHA-256. */
  shaCryptRounds: 800_000,
  /** Bytes of the password, which each round reads up to twice. No account has a longer one. */
  shaCryptPasswordBytes: 256,
});
