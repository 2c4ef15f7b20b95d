-- The schema holds everything, the table of migrations too: other programs may use the same database.
-- Texts that a user writes and that are compared are `bytea`: `text` refuses U+0000. JSON escapes it.
-- Identifiers sort by their bytes, in every locale. Each `checksum` is over the columns that its table's
-- comment names: see `workflow-sqlkit/src/checksum.rs`.

-- What every version of a workflow shares. Checksum: all of it.
CREATE TABLE workflow_runner.workflow (
    id       text COLLATE "C" PRIMARY KEY,
    name     bytea,
    newest   bigint NOT NULL,
    deleted  boolean NOT NULL DEFAULT false,
    checksum bigint NOT NULL
);

CREATE INDEX workflow_listed ON workflow_runner.workflow (id) WHERE NOT deleted;
CREATE INDEX workflow_named ON workflow_runner.workflow (name, id) WHERE NOT deleted;

-- Checksum: all of it.
CREATE TABLE workflow_runner.version (
    workflow text COLLATE "C" NOT NULL REFERENCES workflow_runner.workflow (id),
    version  bigint NOT NULL,
    record   text NOT NULL,
    checksum bigint NOT NULL,
    PRIMARY KEY (workflow, version)
);

-- `record` is as it was created; `head` is the part that events change.
-- `head_checksum`: id, status, last_seq, ended_at and head. `checksum`: the other columns, and id.
-- The fill factor leaves space for the next head in the same page: an append that changes no indexed column
-- then updates no index.
CREATE TABLE workflow_runner.run (
    number        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            text COLLATE "C" NOT NULL UNIQUE,
    workflow      text COLLATE "C" NOT NULL,
    status        text COLLATE "C" NOT NULL,
    last_seq      bigint NOT NULL,
    ended_at      text COLLATE "C",
    -- In lower case: what is searched for text, besides the id.
    name          bytea NOT NULL,
    excerpt       bytea NOT NULL,
    key_scope     bytea,
    key           bytea,
    request       bytea,
    record        text NOT NULL,
    head          text NOT NULL,
    checksum      bigint NOT NULL,
    head_checksum bigint NOT NULL
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX run_key ON workflow_runner.run (key_scope, key) WHERE key IS NOT NULL;
CREATE INDEX run_by_workflow ON workflow_runner.run (workflow, id);
CREATE INDEX run_by_status ON workflow_runner.run (status, id);
CREATE INDEX run_by_workflow_and_status ON workflow_runner.run (workflow, status, id);
CREATE INDEX run_unfinished ON workflow_runner.run (id) WHERE ended_at IS NULL;
CREATE INDEX run_ended ON workflow_runner.run (ended_at) WHERE ended_at IS NOT NULL;

-- Without a foreign key: a long log is deleted in parts, after its run. Checksum: seq and body; the body names
-- its run.
CREATE TABLE workflow_runner.event (
    run      bigint NOT NULL,
    seq      bigint NOT NULL,
    body     text NOT NULL,
    checksum bigint NOT NULL,
    PRIMARY KEY (run, seq)
);

-- Runs that are deleted while some of their events are not.
CREATE TABLE workflow_runner.deleted_run (
    number bigint PRIMARY KEY
);

-- Written to find out whether the database can be written.
CREATE TABLE workflow_runner.probe (
    id    integer PRIMARY KEY CHECK (id = 1),
    times bigint NOT NULL
);
