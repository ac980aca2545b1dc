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
INSERT INTO "flyway_schema_history" VALUES(1,'1','users','SQL','V1__users.sql',-1284998355,'','2026-11-25 22:10:29.608',23,1);
INSERT INTO "flyway_schema_history" VALUES(2,'1.1','more','SQL','V1.1__more.sql',-1736343752,'','2026-11-25 22:10:29.653',1,1);
INSERT INTO "flyway_schema_history" VALUES(3,'1.10','most','SQL','V1_10__most.sql',-881808882,'','2026-11-25 22:10:29.689',7,1);
INSERT INTO "flyway_schema_history" VALUES(4,'002','two','SQL','V002__two.sql',2132184044,'','2026-11-25 22:10:29.735',1,1);
INSERT INTO "flyway_schema_history" VALUES(5,'3.0','three','SQL','V3.0__three.sql',-42222493,'','2026-11-25 22:10:29.764',1,1);
INSERT INTO "flyway_schema_history" VALUES(6,'20240313170000','stamp','SQL','V20240313170000__stamp.sql',-987599288,'','2026-11-25 22:10:29.794',1,1);
CREATE INDEX "flyway_schema_history_s_idx" ON "flyway_schema_history" ("success");
