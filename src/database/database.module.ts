import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Config } from '../config/config.js';
import { Cleanup } from './cleanup.js';
import { type Database, openDatabase } from './data-source.js';
import { ChangeFeed } from './feed/change-feed.js';
import { FeedConnection } from './feed/feed-connection.js';
import { migrate } from './migrate.js';
import { BatchConnections, ListConnections } from './reserved-connections.js';
import { isUpToDate, Schema } from './schema.js';

const DATABASE = Symbol('Database');

@Module({
  providers: [Schema, { provide: DATABASE, inject: [Config], useFactory: openDatabase }],
  exports: [DATABASE, Schema],
})
class OpenedDatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Runs after TypeORM's module has destroyed the data source: modules shut down from the outside in. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}

async function migrateWith(options: DataSourceOptions): Promise<string[]> {
  const dataSource = await new DataSource(options).initialize();
  try {
    return await migrate(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/** The one data source, migrated before anything else can use it. */
@Module({})
export class DatabaseModule {
  static forRoot(): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      imports: [
        OpenedDatabaseModule,
        TypeOrmModule.forRootAsync({
          imports: [OpenedDatabaseModule],
          inject: [DATABASE, Schema],
          useFactory: async ({ options, migrationOptions, queryOnce }: Database, schema: Schema) => {
            if (!(await isUpToDate(queryOnce))) schema.migrated = await migrateWith(migrationOptions);
            return { ...options, autoLoadEntities: true, retryAttempts: 0 };
          },
        }),
      ],
      providers: [
        ChangeFeed,
        Cleanup,
        {
          provide: FeedConnection,
          inject: [DATABASE, DataSource],
          useFactory: (database: Database, dataSource: DataSource) => database.feed(dataSource),
        },
        {
          provide: ListConnections,
          inject: [DATABASE, DataSource],
          useFactory: (database: Database, dataSource: DataSource) => database.lists(dataSource),
        },
        {
          provide: BatchConnections,
          inject: [DATABASE, DataSource],
          useFactory: (database: Database, dataSource: DataSource) => database.batches(dataSource),
        },
      ],
      exports: [ChangeFeed, FeedConnection, ListConnections, BatchConnections, Cleanup],
    };
  }
}
