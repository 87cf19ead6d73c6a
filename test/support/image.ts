import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The instructions of a stage, with continued lines joined. */
function readStages(): string[][] {
  const lines = readFileSync('Dockerfile', 'utf8').replaceAll('\\\n', ' ').split('\n');
  const instructions = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const stages: string[][] = [];
  for (const line of instructions) {
    if (line.startsWith('FROM ')) stages.push([]);
    else stages.at(-1)?.push(line);
  }
  return stages;
}

/**
 * The file tree of the image, made by performing the steps of the Dockerfile in a folder. Two things differ: `npm ci` is
 * replaced by hard links to the packages that are installed here, and there is no base image.
 */
export class Image {
  /** The settings of the image. Paths are below `root`. */
  readonly env: Record<string, string> = {};
  command: string[] = [];
  healthCheck: string[] = [];

  private constructor(
    /** Stands for `/` of the image. */
    readonly root: string,
    private readonly buildFolder: string,
  ) {}

  /** @param folder an empty folder */
  static create(folder: string): Image {
    const [build = [], final = []] = readStages();
    const image = new Image(join(folder, 'image'), join(folder, 'build'));
    for (const path of [image.buildFolder, join(image.root, 'app'), join(image.root, 'usr/local/bin')]) {
      mkdirSync(path, { recursive: true });
    }
    for (const line of build) image.#build(line);
    for (const line of final) image.#assemble(line);
    return image;
  }

  get app(): string {
    return join(this.root, 'app');
  }

  /** The PATH in the image, after the one of the base image. */
  get path(): string {
    return `${join(this.root, 'usr/local/bin')}:${process.env.PATH}`;
  }

  #build(line: string): void {
    const [instruction, ...words] = line.split(/\s+/);
    if (instruction === 'COPY') this.#copyFromContext(words);
    else if (/^RUN npm ci /.test(line)) this.#linkPackages();
    else if (instruction === 'RUN') this.#runBuild(words.join(' '));
    else if (instruction !== 'WORKDIR') throw new Error(`the test can't perform: ${line}`);
  }

  #runBuild(command: string): void {
    const env = { ...process.env, npm_config_offline: 'true', npm_config_update_notifier: 'false' };
    execFileSync('sh', ['-c', command], { cwd: this.buildFolder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  }

  /** Only what .dockerignore lets through is there to be copied. */
  #copyFromContext(words: string[]): void {
    const allowed = readFileSync('.dockerignore', 'utf8').split('\n');
    const to = join(this.buildFolder, words.at(-1) as string);
    for (const from of words.slice(0, -1)) {
      if (!allowed.includes(`!${from}`)) throw new Error(`.dockerignore excludes ${from}`);
      cpSync(from, words.at(-1) === './' ? join(to, basename(from)) : to, { recursive: true });
    }
  }

  #linkPackages(): void {
    const to = join(this.buildFolder, 'node_modules');
    execFileSync('cp', ['-al', 'node_modules', to]);
    // npm rewrites its list of packages in place.
    cpSync('node_modules/.package-lock.json', join(to, 'copy'));
    execFileSync('mv', [join(to, 'copy'), join(to, '.package-lock.json')]);
  }

  #assemble(line: string): void {
    const [instruction = '', ...words] = line.split(/\s+/);
    const rest = words.join(' ');
    if (['USER', 'VOLUME', 'EXPOSE', 'STOPSIGNAL', 'WORKDIR'].includes(instruction)) return;
    if (instruction === 'ENV') this.#set(words);
    else if (instruction === 'CMD') this.command = JSON.parse(rest);
    else if (instruction === 'HEALTHCHECK') this.healthCheck = JSON.parse(rest.slice(rest.indexOf('[')));
    else if (instruction === 'COPY') this.#copyFromBuild(words);
    else if (instruction === 'RUN') for (const command of rest.split(' && ')) this.#run(command);
    else throw new Error(`the test can't perform: ${line}`);
  }

  #set(words: string[]): void {
    for (const word of words) {
      const [name = '', value = ''] = word.split('=');
      this.env[name] = value.startsWith('/') ? join(this.root, value) : value;
    }
  }

  #copyFromBuild([from = '', source = '', target = '']: string[]): void {
    if (from !== '--from=build') throw new Error(`the test can't copy ${from}`);
    const path = source.replace(/^\/app\//, '');
    execFileSync('cp', ['-al', join(this.buildFolder, path), join(this.app, target === './' ? path : target)]);
  }

  #run(command: string): void {
    const [program, ...words] = command.split(' ');
    if (program === 'mkdir') mkdirSync(join(this.root, words.at(-1) as string), { mode: 0o700 });
    else if (program === 'ln') symlinkSync(join(this.root, words[1] as string), join(this.root, words[2] as string));
    else if (program !== 'chown') throw new Error(`the test can't perform: RUN ${command}`);
  }
}
