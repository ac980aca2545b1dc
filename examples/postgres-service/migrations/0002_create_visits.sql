-- The visits that the service counts.
CREATE TABLE visits (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    replica_id bigint NOT NULL REFERENCES replicas (id),
    page       text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX visits_page ON visits (page);
