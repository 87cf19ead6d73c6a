// A vulnerable server. It shows that sqlmap and wapiti do find such faults, so that finding none elsewhere is meaningful.
import { createServer } from 'node:http';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const FORM = '<form method="post" action="/auth/login"><input type="text" name="username" value="x"></form>';

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString();
  response.setHeader('Content-Type', 'text/html');
  if (request.method === 'GET') return response.end(FORM);
  try {
    const username = body.startsWith('{') ? JSON.parse(body).username : new URLSearchParams(body).get('username');
    const { rows } = await pool.query(`SELECT datname FROM pg_database WHERE datname = '${username}'`);
    response.end(`<p>${username}: ${JSON.stringify(rows)}</p>`);
  } catch (error) {
    response.writeHead(500).end(`<p>Warning: PostgreSQL: ERROR: ${error.message}</p>`);
  }
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
