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
INSERT INTO public.flyway_schema_history VALUES (1, '1', 'users', 'SQL', 'V1__users.sql', -1284998355, 'app', '2026-11-25 22:10:37.167804', 7, true);
INSERT INTO public.flyway_schema_history VALUES (2, '3', 'items', 'SQL', 'V3__items.sql', -922745984, 'app', '2026-11-25 22:10:37.236153', 3, true);
INSERT INTO public.flyway_schema_history VALUES (3, '2', 'orders', 'SQL', 'V2__orders.sql', -856547449, 'app', '2026-11-25 22:10:38.313188', 10, true);
ALTER TABLE ONLY public.flyway_schema_history
    ADD CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank);
CREATE INDEX flyway_schema_history_s_idx ON public.flyway_schema_history USING btree (success);
