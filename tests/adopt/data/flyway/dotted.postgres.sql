CREATE TABLE public.flyway_schema_history (
    installed_rank integer NOT NULL,
    version character varying(50),
    description character varying(200) NOT NULL,
    type character varying(20) NOT NULL,
    script character varying(1000) NOT NULL,
    checksum integer,
    installed_by character varying(100) NOT NULL,
    installed_on timestamp without time zone DEFAULT now() NOT NULL,
    execution_time integer NOT NULL,
    success boolean NOT NULL
);
INSERT INTO public.flyway_schema_history VALUES (1, '1', 'users', 'SQL', 'V1__users.sql', -1284998355, 'app', '2026-11-25 22:10:32.2168', 22, true);
INSERT INTO public.flyway_schema_history VALUES (2, '1.1', 'more', 'SQL', 'V1.1__more.sql', -1736343752, 'app', '2026-11-25 22:10:32.400129', 5, true);
INSERT INTO public.flyway_schema_history VALUES (3, '1.10', 'most', 'SQL', 'V1_10__most.sql', -881808882, 'app', '2026-11-25 22:10:32.443602', 10, true);
INSERT INTO public.flyway_schema_history VALUES (4, '002', 'two', 'SQL', 'V002__two.sql', 2132184044, 'app', '2026-11-25 22:10:32.488066', 9, true);
INSERT INTO public.flyway_schema_history VALUES (5, '3.0', 'three', 'SQL', 'V3.0__three.sql', -42222493, 'app', '2026-11-25 22:10:32.53473', 5, true);
INSERT INTO public.flyway_schema_history VALUES (6, '20240313170000', 'stamp', 'SQL', 'V20240313170000__stamp.sql', -987599288, 'app', '2026-11-25 22:10:32.56491', 3, true);
ALTER TABLE ONLY public.flyway_schema_history
    ADD CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank);
CREATE INDEX flyway_schema_history_s_idx ON public.flyway_schema_history USING btree (success);
