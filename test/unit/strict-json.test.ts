import { anything, assert, json, property } from 'fast-check';
import { AmbiguousJson, parseStrictJson } from '../../src/json/strict-json.js';

test('what JSON.stringify writes is read as JSON.parse reads it', () => {
  assert(
    property(json(), (text) => !text.includes('__proto__') && expect(parseStrictJson(text)).toEqual(JSON.parse(text))),
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
])('%s is ambiguous', (text) => {
  expect(() => parseStrictJson(text)).toThrow(AmbiguousJson);
});

test.each(['', '{', '{"a":1,}', 'undefined', '\ufeff{}', '{"a":01}'])('%j is no JSON', (text) => {
  expect(() => parseStrictJson(text)).toThrow(SyntaxError);
});

test.each(['1', '"a:b"', 'null', '[]', '{}', '[1,{"a":[{"b":":"}]}]', '{"a\\"":1,"b":"\\\\"}'])(
  '%s is read',
  (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  },
);
