-- Written by pg_dump.
SET client_encoding = 'UTF8';
COPY public.notes (id, body) FROM stdin;
1	it's; a "note
2	($$ /* \N
\.x
\.

SELECT 1;
COPY public.none (id) FROM stdin;
\.

SELECT 'end';
