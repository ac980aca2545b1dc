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
INSERT INTO public._prisma_migrations VALUES ('8f7cf761-6b60-4231-a2fb-9a88c505a17a', 'cf6073799b85b008e11df3a0e32898380b3dabefb6722b365067b22ff9b37621', '2026-11-25 21:56:32.531+00', '20240313170000_init', NULL, NULL, '2026-11-25 21:56:32.523+00', 1);
INSERT INTO public._prisma_migrations VALUES ('77f25657-640d-46d1-9157-f5a01558b48f', '54743a629aa6b3aad9c1fcb9d840bd944b83ff9f6164b298de1c442ef8a4e100', '2026-11-25 21:56:32.541+00', '20240314170000_orders', NULL, NULL, '2026-11-25 21:56:32.532+00', 1);
INSERT INTO public._prisma_migrations VALUES ('03591eca-c8c3-4f9e-9ba2-e3859cafb953', '7e3995d751aad81dada10c702372de3a103057be217663de82d5c6e95952ebb4', '2026-11-25 21:56:32.545+00', '20240315170000_items', NULL, NULL, '2026-11-25 21:56:32.542+00', 1);
INSERT INTO public._prisma_migrations VALUES ('878cdf0f-86dd-4391-809b-2bded872e7eb', '98e3027373e3022639d5b80d011fbbc4916c7357c17320f3752a2d6da2727df6', NULL, '20240316170000_bad', 'external connector error
Error querying the database: ERROR: syntax error at or near ","
   0: sql_schema_connector::apply_migration::apply_script
           with migration_name="20240316170000_bad"
             at schema-engine/connectors/sql-schema-connector/src/apply_migration.rs:113
   1: schema_commands::commands::apply_migrations::Applying migration
           with migration_name="20240316170000_bad"
             at schema-engine/commands/src/commands/apply_migrations.rs:95
   2: schema_engine_wasm::wasm::engine::ApplyMigrations
             at schema-engine/schema-engine-wasm/src/wasm/engine.rs:167', NULL, '2026-11-25 21:56:32.547+00', 0);
ALTER TABLE ONLY public._prisma_migrations
    ADD CONSTRAINT _prisma_migrations_pkey PRIMARY KEY (id);
