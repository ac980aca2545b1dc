CREATE TABLE public.schema_migrations (
    version character varying NOT NULL
);
INSERT INTO public.schema_migrations VALUES ('20240313170000');
INSERT INTO public.schema_migrations VALUES ('20240314170000');
INSERT INTO public.schema_migrations VALUES ('20240315170000');
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);
