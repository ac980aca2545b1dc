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
INSERT INTO "_prisma_migrations" VALUES('ec5d75b8-e03b-4fd6-8264-81f8bf7b2bc9','9b33c90f7a19d4552d02e2a0ade9025dbf47f44f5d385b247e4009de842cd393','2026-11-25T21:56:44.327+00:00','20240313170000_init',NULL,NULL,'2026-11-25T21:56:44.292+00:00',1);
INSERT INTO "_prisma_migrations" VALUES('cc5ae1f5-8c0f-4bc4-b511-9e45cbcab053','ed9069976979fab670baa9faf6ac18516f219d20b68eb892e6e49ae5da46c1e4','2026-11-25T21:56:44.368+00:00','20240314170000_orders',NULL,NULL,'2026-11-25T21:56:44.333+00:00',1);
INSERT INTO "_prisma_migrations" VALUES('e9937530-4958-4ee4-acd6-d3e49f9d5ea2','125832b33240c690168be115aaa43e56d17fb46ccffafe56b4f8940133045517','2026-11-25T21:56:44.404+00:00','20240315170000_items',NULL,NULL,'2026-11-25T21:56:44.375+00:00',1);
INSERT INTO "_prisma_migrations" VALUES('038348b1-3f2c-4adf-9d08-91b12d1a65c4','98e3027373e3022639d5b80d011fbbc4916c7357c17320f3752a2d6da2727df6',NULL,'20240316170000_bad','SQLITE_ERROR: near ",": syntax error
   0: sql_schema_connector::apply_migration::apply_script
           with migration_name="20240316170000_bad"
             at schema-engine/connectors/sql-schema-connector/src/apply_migration.rs:113
   1: schema_commands::commands::apply_migrations::Applying migration
           with migration_name="20240316170000_bad"
             at schema-engine/commands/src/commands/apply_migrations.rs:95
   2: schema_engine_wasm::wasm::engine::ApplyMigrations
             at schema-engine/schema-engine-wasm/src/wasm/engine.rs:167','2026-11-25T21:56:44.957+00:00','2026-11-25T21:56:44.413+00:00',0);
INSERT INTO "_prisma_migrations" VALUES('33af1d9f-7db3-468f-98c9-17c3b1cc45e6','179fae09624f616e22395de8761230c8a12fa78880058720d256c2f38ff69a94','2026-11-25T21:56:47.091+00:00','20240316170000_bad',NULL,NULL,'2026-11-25T21:56:47.080+00:00',1);
