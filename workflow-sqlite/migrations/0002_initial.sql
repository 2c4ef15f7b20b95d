-- Each `checksum` is over the columns that its table's comment names: see `src/checksum.rs`.

-- What every version of a workflow shares. Checksum: all of it.
CREATE TABLE workflow (
    id       TEXT PRIMARY KEY,
    name     TEXT,
    newest   INTEGER NOT NULL,
    deleted  INTEGER NOT NULL DEFAULT FALSE,
    checksum INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX workflow_listed ON workflow (id) WHERE NOT deleted;
CREATE INDEX workflow_named ON workflow (name, id) WHERE NOT deleted;

-- Checksum: all of it.
CREATE TABLE version (
    workflow TEXT NOT NULL REFERENCES workflow (id),
    version  INTEGER NOT NULL,
    record   TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (workflow, version)
);

-- `record` is as it was created; `head` is the part that events change.
-- `head_checksum`: id, status, last_seq, ended_at and head. `checksum`: the other columns, and id.
CREATE TABLE run (
    -- Never used twice: events of a deleted run are deleted later.
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    workflow      TEXT NOT NULL,
    status        TEXT NOT NULL,
    last_seq      INTEGER NOT NULL,
    ended_at      TEXT,
    -- In lower case: what is searched for text, besides the id.
    name          TEXT NOT NULL,
    excerpt       TEXT NOT NULL,
    key_scope     TEXT,
    key           TEXT,
    request       TEXT,
    record        TEXT NOT NULL,
    head          TEXT NOT NULL,
    checksum      INTEGER NOT NULL,
    head_checksum INTEGER NOT NULL
);

CREATE UNIQUE INDEX run_key ON run (key_scope, key) WHERE key IS NOT NULL;
CREATE INDEX run_by_workflow ON run (workflow, id);
CREATE INDEX run_by_status ON run (status, id);
CREATE INDEX run_by_workflow_and_status ON run (workflow, status, id);
CREATE INDEX run_unfinished ON run (id) WHERE ended_at IS NULL;
CREATE INDEX run_ended ON run (ended_at) WHERE ended_at IS NOT NULL;

-- Checksum: seq and body; the body names its run.
CREATE TABLE event (
    run      INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    body     TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;

-- Runs that are deleted while some of their events are not: a long log is deleted in parts.
CREATE TABLE deleted_run (
    number INTEGER PRIMARY KEY
);

-- Written to find out whether the store can be written.
CREATE TABLE probe (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    times INTEGER NOT NULL
);
