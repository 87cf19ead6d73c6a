import { ApiProperty } from '@nestjs/swagger';
import { describeDevice } from '../http/device.js';
import type { SessionView } from '../sessions/live-sessions.js';

class SessionResponse {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ description: 'Whether it is the session of this request.' })
  current!: boolean;

  @ApiProperty({ enum: ['bearer', 'cookie'] })
  transport!: 'bearer' | 'cookie';

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', description: 'At most one minute out of date.' })
  last_seen_at!: string;

  @ApiProperty({ format: 'date-time', description: 'The absolute end of the session.' })
  expires_at!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The IP address of the client at login.',
    example: '203.0.113.7',
  })
  ip!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The `User-Agent` at login.' })
  user_agent!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The browser and operating system, from `user_agent`.',
    example: 'Firefox on Windows',
  })
  device!: string | null;
}

export class SessionsResponse {
  @ApiProperty({ type: [SessionResponse] })
  sessions!: SessionResponse[];

  static of(sessions: readonly SessionView[], currentId: string): SessionsResponse {
    return {
      sessions: sessions.map((session) => ({
        id: session.id,
        current: session.id === currentId,
        transport: session.transport,
        created_at: session.createdAt.toISOString(),
        last_seen_at: session.lastSeenAt.toISOString(),
        expires_at: session.expiresAt.toISOString(),
        ip: session.ip,
        user_agent: session.userAgent,
        device: describeDevice(session.userAgent),
      })),
    };
  }
}
