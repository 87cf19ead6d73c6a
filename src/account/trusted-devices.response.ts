import { ApiProperty } from '@nestjs/swagger';
import { describeDevice } from '../http/device.js';
import type { TrustedDevice } from '../second-factors/trusted-devices.js';

class TrustedDeviceResponse {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', description: 'From then on, the device is asked for a second factor again.' })
  expires_at!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The IP address of the device when it passed the second factor.',
    example: '203.0.113.7',
  })
  ip!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The `User-Agent` at that time.' })
  user_agent!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The browser and operating system, from `user_agent`.',
    example: 'Firefox on Windows',
  })
  device!: string | null;

  @ApiProperty({ description: 'Whether it is the device of this request.' })
  current!: boolean;
}

export class TrustedDevicesResponse {
  @ApiProperty({ type: [TrustedDeviceResponse] })
  trusted_devices!: TrustedDeviceResponse[];

  static of(devices: readonly TrustedDevice[]): TrustedDevicesResponse {
    return {
      trusted_devices: devices.map((device) => ({
        id: device.id,
        created_at: device.createdAt.toISOString(),
        expires_at: device.expiresAt.toISOString(),
        ip: device.ip,
        user_agent: device.userAgent,
        device: describeDevice(device.userAgent),
        current: device.current,
      })),
    };
  }
}
