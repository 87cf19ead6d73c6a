import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { succeeds } from './other-program.js';

/** A reverse proxy of the documentation, as Debian installs it. */
export interface ReverseProxy {
  isThere: boolean;
  /** For tests that need it. */
  reason: string;
  /**
   * Writes a configuration into a folder, which the proxy uses for everything else too.
   *
   * @param sites what the documentation shows
   * @returns the command that starts the proxy with it in the foreground
   */
  configure(folder: string, sites: string): string[];
}

const NGINX = '/usr/sbin/nginx';
const CADDY = '/usr/bin/caddy';

export const nginx: ReverseProxy = {
  isThere: succeeds(NGINX, '-v'),
  reason: `needs ${NGINX}; Debian: nginx`,
  configure(folder, sites) {
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join(' ');
    const file = join(folder, 'nginx.conf');
    const http = `http { access_log off; ${paths} ${sites} }`;
    writeFileSync(file, `daemon off; pid ${folder}/pid; error_log stderr; events {} ${http}`);
    return [NGINX, '-p', folder, '-e', 'stderr', '-c', file];
  },
};

export const caddy: ReverseProxy = {
  isThere: succeeds(CADDY, 'version'),
  reason: `needs ${CADDY}; Debian: caddy`,
  configure(folder, sites) {
    const file = join(folder, 'Caddyfile');
    writeFileSync(file, `{\n\tadmin off\n\tauto_https off\n}\n${sites}`);
    return [CADDY, 'run', '--config', file, '--adapter', 'caddyfile'];
  },
};
