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
INSERT INTO public.flyway_schema_history VALUES (1, '1', 'users', 'SQL', 'V1__users.sql', -267822957, 'app', '2026-11-25 22:10:20.56432', 9, true);
INSERT INTO public.flyway_schema_history VALUES (3, '3', 'from windows', 'SQL', 'V3__from_windows.sql', -1823244577, 'app', '2026-11-25 22:10:20.665129', 11, true);
INSERT INTO public.flyway_schema_history VALUES (4, NULL, 'user names', 'SQL', 'R__user_names.sql', -1823359598, 'app', '2026-11-25 22:10:20.694878', 12, true);
INSERT INTO public.flyway_schema_history VALUES (2, '2', 'orders', 'SQL', 'V2__orders.sql', -1179607524, 'app', '2026-11-25 22:10:20.640841', 5, true);
ALTER TABLE ONLY public.flyway_schema_history
    ADD CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank);
CREATE INDEX flyway_schema_history_s_idx ON public.flyway_schema_history USING btree (success);
