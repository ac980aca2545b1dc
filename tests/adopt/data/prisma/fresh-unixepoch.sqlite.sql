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
INSERT INTO "_prisma_migrations" VALUES('892b4643-d75a-4afb-b7ee-bf2bba8a03b0','9b33c90f7a19d4552d02e2a0ade9025dbf47f44f5d385b247e4009de842cd393',1795643865313,'20240313170000_init',NULL,NULL,1795643865297,1);
INSERT INTO "_prisma_migrations" VALUES('1595f47c-5841-4d90-847c-243f095c4610','ed9069976979fab670baa9faf6ac18516f219d20b68eb892e6e49ae5da46c1e4',1795643865320,'20240314170000_orders',NULL,NULL,1795643865315,1);
INSERT INTO "_prisma_migrations" VALUES('6bf930a1-7408-4ac1-b1bb-888694e328c9','125832b33240c690168be115aaa43e56d17fb46ccffafe56b4f8940133045517',1795643865355,'20240315170000_items',NULL,NULL,1795643865322,1);
