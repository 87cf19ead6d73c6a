import { Logger } from '@nestjs/common';
import { createApp } from './app.setup.js';
import { loadConfig } from './config/config.js';
import { environment, namesInFile } from './config/environment.js';
import { Schema } from './database/schema.js';
import { startErrorMessage } from './lifecycle/start-error-message.js';
import { stopOnSignals } from './lifecycle/stop-on-signals.js';
import { welcome } from './lifecycle/welcome.js';

try {
  const { config, warnings } = loadConfig(environment(), { namesInFile: namesInFile() });
  const starting = createApp(config).then((app) => app.listen(config.port, config.host).then(() => app));
  stopOnSignals(starting);
  const app = await starting;
  const logger = new Logger('Portero');
  for (const warning of warnings) logger.warn(warning);
  for (const line of welcome(config, await app.getUrl(), app.get(Schema))) logger.log(line);
} catch (error) {
  const message = startErrorMessage(error);
  if (message === undefined) throw error;
  process.stderr.write(`portero: ${message}\n`);
  process.exit(1);
}
