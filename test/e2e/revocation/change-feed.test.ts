import { jest } from '@jest/globals';
import { ChangeFeed, type Follower } from '../../../src/database/feed/change-feed.js';
import { TestServer } from '../../support/server.js';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

const failing = (required: boolean): Follower => ({
  name: 'a follower of this test',
  required,
  read: async () => {
    throw new Error('its read fails');
  },
});

test('a failure of an optional follower is logged once and does not make the feed stale', async () => {
  const feed = server.get(ChangeFeed);
  feed.follow(failing(false));
  server.clock.advance(server.config.revocationStaleAfter + 1);
  expect(feed.isStale).toBe(true);
  await feed.catchUp();
  await feed.catchUp();
  expect(feed.isStale).toBe(false);
  expect(server.log.filter(({ follower }) => follower !== undefined)).toEqual([
    expect.objectContaining({ level: 'warn', follower: 'a follower of this test' }),
  ]);
});

test('a failure of a required follower makes the feed stale, while the other followers still read', async () => {
  const feed = server.get(ChangeFeed);
  const read = jest.fn(async () => {});
  feed.follow(failing(true));
  feed.follow({ name: 'another follower of this test', required: true, read });
  server.clock.advance(server.config.revocationStaleAfter + 1);
  await expect(feed.catchUp()).rejects.toThrow('its read fails');
  expect(feed.isStale).toBe(true);
  expect(read).toHaveBeenCalled();
});
