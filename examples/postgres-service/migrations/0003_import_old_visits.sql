-- The visits that were counted before there was a table for them.
INSERT INTO replicas (name) VALUES ('import');

INSERT INTO visits (replica_id, page, at)
SELECT replicas.id, '/', timestamptz '2020-01-01 00:00:00+00' + n * interval '1 day'
FROM replicas, generate_series(0, 99) AS n
WHERE replicas.name = 'import';

-- Stands for a table of a size that takes a while, so that replicas that are started together can be seen waiting.
SELECT pg_sleep(3);
