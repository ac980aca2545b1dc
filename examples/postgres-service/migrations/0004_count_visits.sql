-- Visits by page, kept up to date by the database itself.
CREATE TABLE page_counts (
    page   text PRIMARY KEY,
    visits bigint NOT NULL
);

INSERT INTO page_counts (page, visits) SELECT page, count(*) FROM visits GROUP BY page;

CREATE FUNCTION count_visit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO page_counts (page, visits) VALUES (NEW.page, 1)
    ON CONFLICT (page) DO UPDATE SET visits = page_counts.visits + 1;
    RETURN NEW;
END;
$$;

CREATE TRIGGER visits_are_counted AFTER INSERT ON visits
FOR EACH ROW EXECUTE FUNCTION count_visit();
