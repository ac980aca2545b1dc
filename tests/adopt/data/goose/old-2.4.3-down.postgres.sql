CREATE TABLE public.goose_db_version (
    id integer NOT NULL,
    version_id bigint NOT NULL,
    is_applied boolean NOT NULL,
    tstamp timestamp without time zone DEFAULT now()
);
CREATE SEQUENCE public.goose_db_version_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.goose_db_version_id_seq OWNED BY public.goose_db_version.id;
ALTER TABLE ONLY public.goose_db_version ALTER COLUMN id SET DEFAULT nextval('public.goose_db_version_id_seq'::regclass);
INSERT INTO public.goose_db_version VALUES (1, 0, true, '2026-11-25 22:12:22.534616');
INSERT INTO public.goose_db_version VALUES (2, 1, true, '2026-11-25 22:12:22.539417');
INSERT INTO public.goose_db_version VALUES (3, 2, true, '2026-11-25 22:12:22.541941');
INSERT INTO public.goose_db_version VALUES (4, 20240313170000, true, '2026-11-25 22:12:22.544018');
INSERT INTO public.goose_db_version VALUES (5, 20240313170000, false, '2026-11-25 22:12:22.572647');
SELECT pg_catalog.setval('public.goose_db_version_id_seq', 5, true);
ALTER TABLE ONLY public.goose_db_version
    ADD CONSTRAINT goose_db_version_pkey PRIMARY KEY (id);
