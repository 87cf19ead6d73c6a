import { DataSource } from 'typeorm';
import type { AuditEvent } from '../../../src/audit/audit-event.entity.js';
import { expectProblem } from '../../support/matchers.js';
import { TestServer } from '../../support/server.js';

test('records no successful refresh but every detected reuse with AUDIT_REFRESH=off, the default', async () => {
  const quiet = await TestServer.start();
  const { refresh_token } = await quiet.client.signUp('quiet');
  const { body: second } = await quiet.client.refresh(refresh_token);
  expect((await quiet.client.refresh(refresh_token)).status).toBe(200);
  await quiet.client.refresh(second.refresh_token);
  expectProblem(await quiet.client.refresh(refresh_token), 401, 'refresh_token_reused');
  expectProblem(await quiet.client.refresh(second.refresh_token), 401, 'session_revoked');
  const rows: AuditEvent[] = await quiet.get(DataSource).query('SELECT type, result FROM audit_events ORDER BY id');
  const events = rows.map(({ type, result }) => `${type} ${result}`).filter((event) => !event.startsWith('key'));
  const ended = ['session.ended ok', 'refresh.reused refused', 'refresh refused'];
  expect(events).toEqual(['registered ok', 'login ok', ...ended]);
  const lines = quiet.log.filter(({ context, msg }) => context === 'audit' && `${msg}`.startsWith('refresh'));
  expect(lines.map(({ msg, result }) => `${msg} ${result}`)).toEqual(ended.slice(1));
  await quiet.stop();
});
