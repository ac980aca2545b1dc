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
INSERT INTO public._prisma_migrations VALUES ('c8e7be23-d149-41a9-921c-e36f914acd26', 'cf6073799b85b008e11df3a0e32898380b3dabefb6722b365067b22ff9b37621', '2026-11-25 21:56:15.44+00', '20240313170000_init', NULL, NULL, '2026-11-25 21:56:15.429+00', 1);
INSERT INTO public._prisma_migrations VALUES ('cb0e8971-a169-47c8-9dbd-ac308ef95303', '54743a629aa6b3aad9c1fcb9d840bd944b83ff9f6164b298de1c442ef8a4e100', '2026-11-25 21:56:15.454+00', '20240314170000_orders', NULL, NULL, '2026-11-25 21:56:15.446+00', 1);
INSERT INTO public._prisma_migrations VALUES ('d987200d-a7ea-43ed-b776-760673ffe4a3', '7e3995d751aad81dada10c702372de3a103057be217663de82d5c6e95952ebb4', '2026-11-25 21:56:15.468+00', '20240315170000_items', NULL, NULL, '2026-11-25 21:56:15.463+00', 1);
ALTER TABLE ONLY public._prisma_migrations
    ADD CONSTRAINT _prisma_migrations_pkey PRIMARY KEY (id);
