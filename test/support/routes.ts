import type { Client } from './client.js';

export interface Route {
  method: string;
  path: string;
}

interface Document {
  paths: Record<string, Record<string, unknown>>;
}

/** Every route of the server's own OpenAPI document, with an id in place of each path parameter. */
export async function documentedRoutes(client: Client): Promise<Route[]> {
  const { body } = await client.get<Document>('/openapi.json');
  return Object.entries(body.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{[^}]+\}/g, '01981f0e-6d3a-7c55-b1a4-0a2f0c9be001'),
    })),
  );
}
