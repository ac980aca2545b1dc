CREATE TABLE "_prisma_migrations" (
    "id"                    TEXT PRIMARY KEY NOT NULL,
    "checksum"              TEXT NOT NULL,
    "finished_at"           DATETIME,
    "migration_name"        TEXT NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        DATETIME,
    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
);
INSERT INTO "_prisma_migrations" VALUES('e44e0ac9-b445-421c-85e6-289fdc114ad1','9b33c90f7a19d4552d02e2a0ade9025dbf47f44f5d385b247e4009de842cd393','2026-11-25T21:56:27.685+00:00','20240313170000_init',NULL,NULL,'2026-11-25T21:56:27.666+00:00',1);
INSERT INTO "_prisma_migrations" VALUES('2d50cb36-2916-4987-a03d-fc7ccb7f1450','ed9069976979fab670baa9faf6ac18516f219d20b68eb892e6e49ae5da46c1e4','2026-11-25T21:56:27.695+00:00','20240314170000_orders',NULL,NULL,'2026-11-25T21:56:27.688+00:00',1);
INSERT INTO "_prisma_migrations" VALUES('3f67af24-af92-494d-9783-f80446b17ebc','125832b33240c690168be115aaa43e56d17fb46ccffafe56b4f8940133045517','2026-11-25T21:56:27.735+00:00','20240315170000_items',NULL,NULL,'2026-11-25T21:56:27.700+00:00',1);
INSERT INTO "_prisma_migrations" VALUES('ceba839a-0523-4f5d-91bf-a1768661cb5f','98e3027373e3022639d5b80d011fbbc4916c7357c17320f3752a2d6da2727df6',NULL,'20240316170000_bad','SQLITE_ERROR: near ",": syntax error
   0: sql_schema_connector::apply_migration::apply_script
           with migration_name="20240316170000_bad"
             at schema-engine/connectors/sql-schema-connector/src/apply_migration.rs:113
   1: schema_commands::commands::apply_migrations::Applying migration
           with migration_name="20240316170000_bad"
             at schema-engine/commands/src/commands/apply_migrations.rs:95
   2: schema_engine_wasm::wasm::engine::ApplyMigrations
             at schema-engine/schema-engine-wasm/src/wasm/engine.rs:167',NULL,'2026-11-25T21:56:27.744+00:00',0);
