CREATE TABLE "schema_migrations" (version varchar(128) primary key);
INSERT INTO "schema_migrations" VALUES('20240313170000');
INSERT INTO "schema_migrations" VALUES('20240314170000');
INSERT INTO "schema_migrations" VALUES('20240315170000');
