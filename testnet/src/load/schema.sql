-- A table of cases with what a node keeps of a report, and finds it by.
CREATE SEQUENCE case_number;
CREATE TABLE cases (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    number        text NOT NULL UNIQUE,
    title         text NOT NULL,
    description   text NOT NULL,
    channel       text NOT NULL,
    category      text,
    place         uuid,
    address       text,
    contact_name  text,
    contact_phone text,
    reporter      uuid NOT NULL UNIQUE,
    request       uuid UNIQUE,
    stage         text NOT NULL DEFAULT 'reported',
    opened        timestamptz NOT NULL DEFAULT now(),
    due           timestamptz
);
CREATE INDEX ON cases (stage, opened);
CREATE INDEX ON cases (place, opened);
CREATE INDEX ON cases (due);
