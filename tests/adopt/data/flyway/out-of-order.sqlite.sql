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
INSERT INTO "flyway_schema_history" VALUES(1,'1','users','SQL','V1__users.sql',-1284998355,'','2026-11-25 22:10:34.576',3,1);
INSERT INTO "flyway_schema_history" VALUES(2,'3','items','SQL','V3__items.sql',-922745984,'','2026-11-25 22:10:34.636',1,1);
INSERT INTO "flyway_schema_history" VALUES(3,'2','orders','SQL','V2__orders.sql',-856547449,'','2026-11-25 22:10:35.890',15,1);
CREATE INDEX "flyway_schema_history_s_idx" ON "flyway_schema_history" ("success");
