CREATE TABLE "flyway_schema_history" (
    "installed_rank" INT NOT NULL PRIMARY KEY,
    "version" VARCHAR(50),
    "description" VARCHAR(200) NOT NULL,
    "type" VARCHAR(20) NOT NULL,
    "script" VARCHAR(1000) NOT NULL,
    "checksum" INT,
    "installed_by" VARCHAR(100) NOT NULL,
    "installed_on" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f','now')),
    "execution_time" INT NOT NULL,
    "success" BOOLEAN NOT NULL
);
INSERT INTO "flyway_schema_history" VALUES(1,'2','start','SQL_BASELINE','B2__start.sql',2084945512,'','2026-11-25 22:10:24.320',6,1);
INSERT INTO "flyway_schema_history" VALUES(2,'3','from windows','SQL','V3__from_windows.sql',-1823244577,'','2026-11-25 22:10:24.364',1,1);
CREATE INDEX "flyway_schema_history_s_idx" ON "flyway_schema_history" ("success");
