import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A separate PostgreSQL cluster on a free port, which may be crashed. */
export class Cluster {
  #folder = mkdtempSync(join(tmpdir(), 'portero-chaos-'));
  port = 20_000 + Math.floor(Math.random() * 20_000);

  constructor() {
    if (process.getuid() === 0) {
      const id = (flag) => Number(execFileSync('id', [flag, 'postgres']));
      chownSync(this.#folder, id('-u'), id('-g'));
    }
    this.#run('initdb', ['-D', this.#data, '-U', 'postgres', '-A', 'trust', '--no-sync']);
    this.start();
    this.#run('psql', ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'postgres', '-c', 'CREATE DATABASE portero']);
  }

  get #data() {
    return join(this.#folder, 'data');
  }

  /** Blocks until it accepts connections. */
  start() {
    const options = `-p ${this.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200`;
    this.#run('pg_ctl', ['-D', this.#data, '-w', '-l', join(this.#folder, 'log'), '-o', options, 'start']);
  }

  /** Crashes like a power cut: closes no connection properly, and the next start recovers from the log. */
  crash() {
    this.#run('pg_ctl', ['-D', this.#data, '-m', 'immediate', 'stop']);
  }

  remove() {
    this.crash();
    rmSync(this.#folder, { recursive: true });
  }

  #run(program, args) {
    const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
    const file = join('/usr/lib/postgresql', versions[0], 'bin', program);
    const asPostgres = process.getuid() === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
    const [command, ...rest] = [...asPostgres, file, ...args];
    execFileSync(command, rest, { cwd: '/', stdio: ['ignore', 'ignore', 'inherit'] });
  }
}
