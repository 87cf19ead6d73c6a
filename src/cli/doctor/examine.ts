import { resolve } from 'node:path';
import { DataSource } from 'typeorm';
import { type Config, loadConfig } from '../../config/config.js';
import { environment, namesInFile } from '../../config/environment.js';
import { openDatabase } from '../../database/data-source.js';
import { DataDirInUse } from '../../database/embedded/data-dir-lock.js';
import { startErrorMessage } from '../../lifecycle/start-error-message.js';
import { CommandFailed } from '../command-failed.js';
import { requireDatabase } from '../with-database.js';
import { checkDatabase } from './database-checks.js';
import { error, type Finding, ok, warning } from './finding.js';
import { checkKeys } from './key-checks.js';
import { checkDisk, checkFileModes, checkNode, checkSecret } from './machine-checks.js';
import { checkListen, checkMail, checkProxySettings, checkPublicUrl, checkRedis } from './service-checks.js';

/** Runs all checks. What depends on something that failed is left out. Changes nothing. */
export async function examine(outside: NodeJS.ProcessEnv): Promise<Finding[]> {
  const env = environment(outside);
  const dataDir = resolve(env.DATA_DIR || './data');
  const findings = [
    checkNode(),
    checkDisk(dataDir),
    ...checkFileModes(env, dataDir),
    ...checkSecret(env.PORTERO_SECRET),
  ];
  const config = readConfig(env, outside, findings);
  if (config === undefined) return findings;
  findings.push(...checkProxySettings(config), await checkPublicUrl(config), await checkMail(config));
  if (config.redisUrl !== undefined) findings.push(await checkRedis(config.redisUrl));
  findings.push(...(await examineDatabase(config)));
  return findings;
}

/** Adds the findings on the settings. @returns undefined if they are not valid */
function readConfig(env: NodeJS.ProcessEnv, outside: NodeJS.ProcessEnv, findings: Finding[]): Config | undefined {
  const check = 'settings';
  try {
    // Loading the settings would create a secret in an empty folder.
    requireDatabase(env);
    const { config, warnings } = loadConfig(env, { namesInFile: namesInFile(outside) });
    const remedy = 'See docs/configuration.md.';
    findings.push(...warnings.map((text) => warning(check, text, remedy)));
    if (warnings.length === 0) findings.push(ok(check, 'all are valid'));
    return config;
  } catch (failure) {
    const message = failure instanceof CommandFailed ? failure.message : startErrorMessage(failure);
    if (message === undefined) throw failure;
    findings.push(error(check, message, 'Correct it, and run this command again. See docs/configuration.md.'));
    return undefined;
  }
}

async function examineDatabase(config: Config): Promise<Finding[]> {
  const database = openDatabase(config);
  const dataSource = new DataSource(database.options);
  try {
    await dataSource.initialize();
    const session = dataSource.createQueryRunner();
    const findings = [ok('database', `connected to ${database.name}`)];
    findings.push(...(await checkDatabase(session, config)), await checkKeys(session, config));
    await session.release();
    if (config.databaseUrl !== undefined) findings.push(await checkListen(config.databaseUrl));
    return findings;
  } catch (failure) {
    if (failure instanceof DataDirInUse) {
      const message = 'the embedded database is in use by a running server, so it was not checked';
      return [warning('database', message, 'Stop the server, and run this command again.')];
    }
    const message = startErrorMessage(failure);
    if (message === undefined) throw failure;
    return [error('database', message, 'Check DATABASE_URL, and that PostgreSQL runs and accepts connections.')];
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.close();
  }
}
