import { anything, assert, json, pre, property } from 'fast-check';
import { findJsonFault } from '../../src/http/json-fault.js';
import { AmbiguousJson, parseStrictJson } from '../../src/http/strict-json.js';

test('reads the output of JSON.stringify like JSON.parse', () => {
  assert(
    property(json(), (text) => {
      pre(!text.includes('__proto__'));
      expect(parseStrictJson(text)).toEqual(JSON.parse(text));
    }),
  );
  assert(
    property(anything({ withNullPrototype: false }), (value) => {
      const text = JSON.stringify(value);
      if (text !== undefined && !text.includes('__proto__')) expect(parseStrictJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test.each([
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '{"b":{"a":1,"a":2}}',
  '[{"a":":"},{"a":1, "a" : ":"}]',
  '{"__proto__":{}}',
  '{"a":{"\\u005f_proto__":1}}',
  '{"a:":1,"a:":2}',
])('%s is ambiguous [ASVS 1.5.3]', (text) => {
  expect(() => parseStrictJson(text)).toThrow(AmbiguousJson);
});

test.each(['', '{', '{"a":1,}', 'undefined', '\ufeff{}', '{"a":01}'])('%j is not JSON', (text) => {
  expect(() => parseStrictJson(text)).toThrow(SyntaxError);
});

test.each(['1', '"a:b"', 'null', '[]', '{}', '[1,{"a":[{"b":":"}]}]', '{"a\\"":1,"b":"\\\\"}'])(
  '%s is accepted',
  (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  },
);

test('accepts 32 levels of nesting and no more, without counting brackets in strings', () => {
  const nest = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  expect(parseStrictJson(nest(32))).toEqual(JSON.parse(nest(32)));
  expect(() => parseStrictJson(nest(33))).toThrow(AmbiguousJson);
  expect(() => parseStrictJson('{"a":'.repeat(33))).toThrow(AmbiguousJson);
  const text = JSON.stringify({ a: `"\\${'['.repeat(100)}`, b: [`${'{'.repeat(100)}\\`] });
  expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  const wide = JSON.stringify(Array.from({ length: 1000 }, () => [[]]));
  expect(parseStrictJson(wide)).toEqual(JSON.parse(wide));
});

test('a body full of faults takes no longer to explain than one with a fault at its end', () => {
  const fastest = (text: string) => {
    const times = Array.from({ length: 20 }, () => {
      const began = performance.now();
      expect(findJsonFault(text)).toBeDefined();
      return performance.now() - began;
    });
    return Math.min(...times);
  };
  const size = 32 * 1024;
  const atItsEnd = fastest(`{"a":"${'b'.repeat(size)}"`);
  for (const faults of ['/*', '[1. ', '{,', '[-'])
    expect(fastest(`[${faults.repeat(size / faults.length)}`)).toBeLessThan(atItsEnd);
});
