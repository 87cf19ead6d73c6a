import { Command } from 'commander';
import { Clock } from '../clock/clock.js';
import { ClientRegistry } from '../oauth/client-registry.js';
import { CommandFailed } from './command-failed.js';
import { table, when } from './table.js';
import { print, type Terminal } from './terminal.js';
import { withDatabase } from './with-database.js';

/** `portero clients` */
export function clientsCommand(terminal: Terminal): Command {
  return new Command('clients')
    .alias('client')
    .description('Manage the services that may introspect and revoke tokens.')
    .addCommand(createCommand(terminal))
    .addCommand(listCommand(terminal))
    .addCommand(revokeCommand(terminal));
}

function createCommand(terminal: Terminal): Command {
  return new Command('create')
    .description('Register a service. Its secret is shown only once, and is not stored.')
    .requiredOption('--name <name>', 'name of the service')
    .option('--json', 'print one JSON object')
    .action(async ({ name, json }: { name: string; json?: true }) => {
      if (name.trim() === '') throw new CommandFailed('--name must not be empty');
      const { client, secret } = await withRegistry(terminal, (registry) => registry.create(name));
      print(
        terminal,
        json
          ? JSON.stringify({ client_id: client.id, client_secret: secret, name })
          : [`client_id      ${client.id}`, `client_secret  ${secret}`, 'The secret cannot be shown again.'].join('\n'),
      );
    });
}

function listCommand(terminal: Terminal): Command {
  return new Command('list')
    .description('List the registered services.')
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { json?: true }) => {
      const clients = (await withRegistry(terminal, (registry) => registry.list())).map((client) => ({
        client_id: client.id,
        name: client.name,
        created_at: client.createdAt.toISOString(),
        revoked_at: client.revokedAt?.toISOString() ?? null,
      }));
      if (json) return print(terminal, JSON.stringify({ clients }));
      const date = (text: string | null) => (text === null ? '-' : when(new Date(text)));
      const rows = clients.map((one) => [one.name, one.client_id, date(one.created_at), date(one.revoked_at)]);
      print(terminal, rows.length > 0 ? table(['NAME', 'CLIENT ID', 'CREATED', 'REVOKED'], rows) : 'no clients');
    });
}

function revokeCommand(terminal: Terminal): Command {
  return new Command('revoke')
    .description('Revoke the registration of a service. Its secret is rejected at once.')
    .argument('<client_id>')
    .option('--json', 'print one JSON object')
    .action(async (id: string, { json }: { json?: true }) => {
      const client = await withRegistry(terminal, async (registry) => {
        const revoked = await registry.revoke(id);
        return revoked ? (await registry.list()).find((one) => one.id === id.toLowerCase()) : undefined;
      });
      if (client === undefined) throw new CommandFailed(`there is no active client ${id}`);
      print(
        terminal,
        json ? JSON.stringify({ client_id: id, revoked: true }) : `revoked ${client.name}: its secret is rejected`,
      );
    });
}

function withRegistry<T>(terminal: Terminal, work: (registry: ClientRegistry) => Promise<T>): Promise<T> {
  return withDatabase(terminal, (session) => work(new ClientRegistry(session.manager, new Clock())));
}
