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
INSERT INTO "_prisma_migrations" VALUES('c81bac54-9d24-43f0-ad79-05a310f1843e','9b33c90f7a19d4552d02e2a0ade9025dbf47f44f5d385b247e4009de842cd393','2026-11-25T21:56:13.424+00:00','20240313170000_init',NULL,NULL,'2026-11-25T21:56:13.407+00:00',1);
INSERT INTO "_prisma_migrations" VALUES('1a32c696-f2a9-4f68-a04a-517c07cdcfb6','ed9069976979fab670baa9faf6ac18516f219d20b68eb892e6e49ae5da46c1e4','2026-11-25T21:56:13.438+00:00','20240314170000_orders',NULL,NULL,'2026-11-25T21:56:13.428+00:00',1);
INSERT INTO "_prisma_migrations" VALUES('5415dfed-c657-4581-82c4-5529a3059dea','125832b33240c690168be115aaa43e56d17fb46ccffafe56b4f8940133045517','2026-11-25T21:56:13.455+00:00','20240315170000_items',NULL,NULL,'2026-11-25T21:56:13.441+00:00',1);
