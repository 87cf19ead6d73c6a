import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MailModule } from '../mail/mail.module.js';
import { User } from './user.entity.js';
import { UserNotices } from './user-notices.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([User]), MailModule],
  providers: [UsersService, UserNotices],
  exports: [UsersService, UserNotices],
})
export class UsersModule {}
