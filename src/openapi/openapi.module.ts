import { Module } from '@nestjs/common';
import { ErrorsPageController } from './errors-page.controller.js';

@Module({ controllers: [ErrorsPageController] })
export class OpenApiModule {}
