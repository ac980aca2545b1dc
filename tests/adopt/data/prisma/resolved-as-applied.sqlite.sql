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
INSERT INTO "_prisma_migrations" VALUES('f1b2d6e0-7594-4a93-b190-84fcb1ade779','9b33c90f7a19d4552d02e2a0ade9025dbf47f44f5d385b247e4009de842cd393','2026-11-25T21:57:03.290+00:00','20240313170000_init',NULL,NULL,'2026-11-25T21:57:03.235+00:00',1);
INSERT INTO "_prisma_migrations" VALUES('d1badc3c-cb9b-4edb-a179-3594774fe5e7','ed9069976979fab670baa9faf6ac18516f219d20b68eb892e6e49ae5da46c1e4','2026-11-25T21:57:03.371+00:00','20240314170000_orders',NULL,NULL,'2026-11-25T21:57:03.315+00:00',1);
INSERT INTO "_prisma_migrations" VALUES('921a4706-51c5-4543-b79e-73a3067cd8f0','125832b33240c690168be115aaa43e56d17fb46ccffafe56b4f8940133045517','2026-11-25T21:57:03.430+00:00','20240315170000_items',NULL,NULL,'2026-11-25T21:57:03.387+00:00',1);
INSERT INTO "_prisma_migrations" VALUES('81c64b72-af73-4ab1-9bcb-98a9dde36236','98e3027373e3022639d5b80d011fbbc4916c7357c17320f3752a2d6da2727df6',NULL,'20240316170000_bad','SQLITE_ERROR: near ",": syntax error
   0: sql_schema_connector::apply_migration::apply_script
           with migration_name="20240316170000_bad"
             at schema-engine/connectors/sql-schema-connector/src/apply_migration.rs:113
   1: schema_commands::commands::apply_migrations::Applying migration
           with migration_name="20240316170000_bad"
             at schema-engine/commands/src/commands/apply_migrations.rs:95
   2: schema_engine_wasm::wasm::engine::ApplyMigrations
             at schema-engine/schema-engine-wasm/src/wasm/engine.rs:167','2026-11-25T21:57:05.165+00:00','2026-11-25T21:57:03.432+00:00',0);
INSERT INTO "_prisma_migrations" VALUES('fe565a06-e8b4-46e3-9f1d-978d7795a72d','98e3027373e3022639d5b80d011fbbc4916c7357c17320f3752a2d6da2727df6','2026-11-25T21:57:05.185+00:00','20240316170000_bad','',NULL,'2026-11-25T21:57:05.185+00:00',0);
