CREATE TABLE public._prisma_migrations (
    id character varying(36) NOT NULL,
    checksum character varying(64) NOT NULL,
    finished_at timestamp with time zone,
    migration_name character varying(255) NOT NULL,
    logs text,
    rolled_back_at timestamp with time zone,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    applied_steps_count integer DEFAULT 0 NOT NULL
);
INSERT INTO public._prisma_migrations VALUES ('6dc3ced3-59d8-46d3-8a44-5793c94beb31', 'cf6073799b85b008e11df3a0e32898380b3dabefb6722b365067b22ff9b37621', '2026-11-25 21:57:20.985+00', '20240313170000_init', '', NULL, '2026-11-25 21:57:20.985+00', 0);
INSERT INTO public._prisma_migrations VALUES ('3b7afdff-94da-4358-84e6-c43a8f3ef3cb', '54743a629aa6b3aad9c1fcb9d840bd944b83ff9f6164b298de1c442ef8a4e100', '2026-11-25 21:57:32.758+00', '20240314170000_orders', NULL, NULL, '2026-11-25 21:57:32.752+00', 1);
INSERT INTO public._prisma_migrations VALUES ('f0b285a4-9973-4573-8c99-6839d142b213', '7e3995d751aad81dada10c702372de3a103057be217663de82d5c6e95952ebb4', '2026-11-25 21:57:32.777+00', '20240315170000_items', NULL, NULL, '2026-11-25 21:57:32.762+00', 1);
ALTER TABLE ONLY public._prisma_migrations
    ADD CONSTRAINT _prisma_migrations_pkey PRIMARY KEY (id);
