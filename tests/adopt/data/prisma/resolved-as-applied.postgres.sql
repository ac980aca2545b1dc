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
INSERT INTO public._prisma_migrations VALUES ('abb82f8d-7271-4ac1-b7a8-275bbcad23bc', 'cf6073799b85b008e11df3a0e32898380b3dabefb6722b365067b22ff9b37621', '2026-11-25 21:57:06.76+00', '20240313170000_init', NULL, NULL, '2026-11-25 21:57:06.753+00', 1);
INSERT INTO public._prisma_migrations VALUES ('848543f5-5384-47c5-acdb-828be33729f5', '54743a629aa6b3aad9c1fcb9d840bd944b83ff9f6164b298de1c442ef8a4e100', '2026-11-25 21:57:06.775+00', '20240314170000_orders', NULL, NULL, '2026-11-25 21:57:06.765+00', 1);
INSERT INTO public._prisma_migrations VALUES ('952cc811-4ed6-40f7-8527-572b30442485', '7e3995d751aad81dada10c702372de3a103057be217663de82d5c6e95952ebb4', '2026-11-25 21:57:06.782+00', '20240315170000_items', NULL, NULL, '2026-11-25 21:57:06.776+00', 1);
INSERT INTO public._prisma_migrations VALUES ('cd3d3dea-ad10-4ddd-8dcc-1442185c95b6', '98e3027373e3022639d5b80d011fbbc4916c7357c17320f3752a2d6da2727df6', NULL, '20240316170000_bad', 'external connector error
Error querying the database: ERROR: syntax error at or near ","
   0: sql_schema_connector::apply_migration::apply_script
           with migration_name="20240316170000_bad"
             at schema-engine/connectors/sql-schema-connector/src/apply_migration.rs:113
   1: schema_commands::commands::apply_migrations::Applying migration
           with migration_name="20240316170000_bad"
             at schema-engine/commands/src/commands/apply_migrations.rs:95
   2: schema_engine_wasm::wasm::engine::ApplyMigrations
             at schema-engine/schema-engine-wasm/src/wasm/engine.rs:167', '2026-11-25 21:57:08.108+00', '2026-11-25 21:57:06.783+00', 0);
INSERT INTO public._prisma_migrations VALUES ('cddf8bb2-7913-4e17-b83f-dbd2c4d99b85', '98e3027373e3022639d5b80d011fbbc4916c7357c17320f3752a2d6da2727df6', '2026-11-25 21:57:08.111+00', '20240316170000_bad', '', NULL, '2026-11-25 21:57:08.111+00', 0);
ALTER TABLE ONLY public._prisma_migrations
    ADD CONSTRAINT _prisma_migrations_pkey PRIMARY KEY (id);
