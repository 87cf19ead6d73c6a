import fc from 'fast-check';
import { addressKey, addressLevels } from '../../src/http/client-address.js';

/** Attack row "limiter evasion": one counter per subscriber. */
test.each([
  ['203.0.113.5', '203.0.113.5'],
  ['203.0.113.5:8080', '203.0.113.5'],
  ['::ffff:203.0.113.5', '203.0.113.5'],
  ['::FFFF:cb00:7105', '203.0.113.5'],
  ['[::ffff:203.0.113.5]:443', '203.0.113.5'],
  ['64:ff9b::203.0.113.5', '203.0.113.5'],
  ['64:ff9b::cb00:7105', '203.0.113.5'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['[2001:db8::1]:443', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['fe80::1%eth0.1', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s is counted as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});

test.each([undefined, '', 'unknown', '_hidden', '1.2.3', '1.2.3.4.5', ':::', '203.0.113.5, 1.2.3.4', "'; DROP TABLE"])(
  '%p is not an address and shares one counter with all other invalid ones',
  (address) => {
    expect(addressKey(address)).toBe('none');
  },
);

test('an IPv6 address belongs to three networks, an IPv4 address only to its own', () => {
  expect(addressLevels('2001:db8:1:2345:6::7')).toEqual([
    '2001:db8:1::/48',
    '2001:db8:1:2300::/56',
    '2001:db8:1:2345::/64',
  ]);
  for (const address of ['203.0.113.5', '::ffff:203.0.113.5']) expect(addressLevels(address)).toEqual(['203.0.113.5']);
});

test('an address belongs to the same networks again, however many others were seen meanwhile', () => {
  for (const _ of [1, 2]) {
    for (let index = 0; index < 2500; index++) {
      const prefix = `2001:db8:1:${index.toString(16)}`;
      expect(addressLevels(`${prefix}::7`).at(-1)).toBe(`${prefix}::/64`);
      expect(addressLevels(`${prefix}::7%${'z'.repeat(50)}`).at(-1)).toBe(`${prefix}::/64`);
    }
  }
});

test('all IPv6 addresses of one /64 have the same key', () => {
  const group = fc.integer({ min: 1, max: 0xffff }).map((value) => value.toString(16));
  const groups = fc.tuple(group, group, group, group);
  fc.assert(
    fc.property(groups, groups, groups, (prefix, one, other) => {
      const [a, b] = [one, other].map((rest) => addressKey([...prefix, ...rest].join(':')));
      expect(a).toBe(b);
      expect(a).toBe(`${prefix.join(':')}::/64`);
    }),
  );
});
