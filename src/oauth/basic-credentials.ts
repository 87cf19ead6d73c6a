const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/** The client's id and secret of HTTP Basic (RFC 7617 §2), each form-encoded (RFC 6749 §2.3.1). Undefined if the header is not valid. */
export function basicCredentials(authorization = ''): { id: string; secret: string } | undefined {
  const [, encoded] = BASIC.exec(authorization) ?? [];
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString('utf8')) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  try {
    return { id: decodeForm(id), secret: decodeForm(secret) };
  } catch {
    return undefined;
  }
}

function decodeForm(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
