CREATE TABLE public._prisma_migrations (
    id character varying(36) NOT NULL,
    checksum character varying(64) NOT NULL,
    finished_at timestamp with time zone,
    migration_name character varying(255) NOT NULL,
    logs text,
    rolled_back_at timestamp with time zone,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    applied_steps_count integer DEFAULT 0 NOT NULL
);
INSERT INTO public._prisma_migrations VALUES ('6e90d6ff-f7a5-4d34-ba1b-0d4108a0e9b5', 'cf6073799b85b008e11df3a0e32898380b3dabefb6722b365067b22ff9b37621', '2026-11-25 21:56:49.163+00', '20240313170000_init', NULL, NULL, '2026-11-25 21:56:49.155+00', 1);
INSERT INTO public._prisma_migrations VALUES ('1d166cbd-4b04-438a-8411-d529219eba9b', '54743a629aa6b3aad9c1fcb9d840bd944b83ff9f6164b298de1c442ef8a4e100', '2026-11-25 21:56:49.183+00', '20240314170000_orders', NULL, NULL, '2026-11-25 21:56:49.167+00', 1);
INSERT INTO public._prisma_migrations VALUES ('47e88d24-1788-45fd-8629-b3d05a161ca9', '7e3995d751aad81dada10c702372de3a103057be217663de82d5c6e95952ebb4', '2026-11-25 21:56:49.192+00', '20240315170000_items', NULL, NULL, '2026-11-25 21:56:49.185+00', 1);
INSERT INTO public._prisma_migrations VALUES ('29a7bb3f-b181-4c3d-8d9c-6c1892865f5a', '98e3027373e3022639d5b80d011fbbc4916c7357c17320f3752a2d6da2727df6', NULL, '20240316170000_bad', 'external connector error
Error querying the database: ERROR: syntax error at or near ","
   0: sql_schema_connector::apply_migration::apply_script
           with migration_name="20240316170000_bad"
             at schema-engine/connectors/sql-schema-connector/src/apply_migration.rs:113
   1: schema_commands::commands::apply_migrations::Applying migration
           with migration_name="20240316170000_bad"
             at schema-engine/commands/src/commands/apply_migrations.rs:95
   2: schema_engine_wasm::wasm::engine::ApplyMigrations
             at schema-engine/schema-engine-wasm/src/wasm/engine.rs:167', '2026-11-25 21:56:49.564+00', '2026-11-25 21:56:49.195+00', 0);
INSERT INTO public._prisma_migrations VALUES ('2cc53fdb-b1f7-4b7d-bf8a-2f1e4888077c', '179fae09624f616e22395de8761230c8a12fa78880058720d256c2f38ff69a94', '2026-11-25 21:56:51.282+00', '20240316170000_bad', NULL, NULL, '2026-11-25 21:56:51.274+00', 1);
ALTER TABLE ONLY public._prisma_migrations
    ADD CONSTRAINT _prisma_migrations_pkey PRIMARY KEY (id);
