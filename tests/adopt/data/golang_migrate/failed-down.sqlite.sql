CREATE TABLE schema_migrations (version uint64,dirty bool);
INSERT INTO "schema_migrations" VALUES(-1,1);
CREATE UNIQUE INDEX version_unique ON schema_migrations (version);
