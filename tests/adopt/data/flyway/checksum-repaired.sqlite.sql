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
INSERT INTO "flyway_schema_history" VALUES(1,'1','users','SQL','V1__users.sql',-267822957,'','2026-11-25 22:10:16.379',8,1);
INSERT INTO "flyway_schema_history" VALUES(2,'2','orders','SQL','V2__orders.sql',-1179607524,'','2026-11-25 22:10:16.414',0,1);
INSERT INTO "flyway_schema_history" VALUES(3,'3','from windows','SQL','V3__from_windows.sql',-1823244577,'','2026-11-25 22:10:16.454',1,1);
INSERT INTO "flyway_schema_history" VALUES(4,NULL,'user names','SQL','R__user_names.sql',-1823359598,'','2026-11-25 22:10:16.487',9,1);
CREATE INDEX "flyway_schema_history_s_idx" ON "flyway_schema_history" ("success");
