-- What answers counts and searches without reading the runs. Triggers keep both, so that no statement can forget it.

-- How many runs there are of each workflow and status. A row may be 0.
CREATE TABLE run_count (
    workflow TEXT NOT NULL,
    status   TEXT NOT NULL,
    runs     INTEGER NOT NULL,
    PRIMARY KEY (workflow, status)
) WITHOUT ROWID;

INSERT INTO run_count (workflow, status, runs)
    SELECT workflow, status, count(*) FROM run GROUP BY workflow, status;

CREATE TRIGGER run_created AFTER INSERT ON run BEGIN
    INSERT INTO run_count (workflow, status, runs) VALUES (new.workflow, new.status, 1)
        ON CONFLICT DO UPDATE SET runs = runs + 1;
END;

CREATE TRIGGER run_moved AFTER UPDATE OF status ON run WHEN old.status <> new.status BEGIN
    UPDATE run_count SET runs = runs - 1 WHERE workflow = old.workflow AND status = old.status;
    INSERT INTO run_count (workflow, status, runs) VALUES (new.workflow, new.status, 1)
        ON CONFLICT DO UPDATE SET runs = runs + 1;
END;

CREATE TRIGGER run_deleted AFTER DELETE ON run BEGIN
    UPDATE run_count SET runs = runs - 1 WHERE workflow = old.workflow AND status = old.status;
END;

-- The search index: which runs contain a text. Built in the background, also for the runs that exist before this
-- migration; runs without a block are searched themselves. See `workflow-sqlkit/src/search`.

-- A block covers the runs with the row numbers from `first` to `last`, and is replaced after one was deleted.
CREATE TABLE run_block (
    -- Never used twice: a search that reads a block which is replaced meanwhile must not read another one.
    block  INTEGER PRIMARY KEY AUTOINCREMENT,
    first  INTEGER NOT NULL UNIQUE,
    last   INTEGER NOT NULL,
    runs   INTEGER NOT NULL,
    min_id TEXT NOT NULL,
    max_id TEXT NOT NULL,
    stale  INTEGER NOT NULL DEFAULT FALSE
);

-- The rows of blocks. Each ends with its own checksum.
CREATE TABLE run_token (
    id    INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
);

CREATE TRIGGER indexed_run_deleted AFTER DELETE ON run BEGIN
    UPDATE run_block SET stale = TRUE
        WHERE first = (SELECT first FROM run_block WHERE first <= old.number ORDER BY first DESC LIMIT 1)
            AND last >= old.number AND NOT stale;
END;
