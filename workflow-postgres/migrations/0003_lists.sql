-- What answers counts and searches without reading the runs. Triggers keep both, so that no statement can forget it, those
-- of an older version neither.

-- How many runs there are of each workflow and status: the sum of both tables. A change is a row of its own, so that no
-- append waits for another one; maintenance adds changes to the counts.
CREATE TABLE workflow_runner.run_count (
    workflow text COLLATE "C" NOT NULL,
    status   text COLLATE "C" NOT NULL,
    runs     bigint NOT NULL,
    PRIMARY KEY (workflow, status)
);

CREATE TABLE workflow_runner.run_count_change (
    workflow text COLLATE "C" NOT NULL,
    status   text COLLATE "C" NOT NULL,
    runs     bigint NOT NULL
);

CREATE FUNCTION workflow_runner.count_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO workflow_runner.run_count_change (workflow, status, runs)
        SELECT moved.workflow, moved.status, moved.runs
        FROM (VALUES (OLD.workflow, OLD.status, -1), (NEW.workflow, NEW.status, 1)) AS moved (workflow, status, runs)
        WHERE moved.workflow IS NOT NULL;
    RETURN NULL;
END
$$;

-- The triggers first: from here on no run changes until the runs that exist are counted.
CREATE TRIGGER count_created_run AFTER INSERT ON workflow_runner.run
    FOR EACH ROW EXECUTE FUNCTION workflow_runner.count_run();
CREATE TRIGGER count_moved_run AFTER UPDATE OF status ON workflow_runner.run
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION workflow_runner.count_run();
CREATE TRIGGER count_deleted_run AFTER DELETE ON workflow_runner.run
    FOR EACH ROW EXECUTE FUNCTION workflow_runner.count_run();

INSERT INTO workflow_runner.run_count (workflow, status, runs)
    SELECT workflow, status, count(*) FROM workflow_runner.run GROUP BY workflow, status;

-- The search index: which runs contain a text. Built in the background, also for the runs that exist before this
-- migration; runs without a block are searched themselves. See `workflow-sqlkit/src/search`.

-- A block covers the runs with the row numbers from `first` to `last`, and is replaced after one was deleted. Its number is
-- never used twice: a search that reads a block which is replaced meanwhile must not read another one.
CREATE TABLE workflow_runner.run_block (
    block  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    first  bigint NOT NULL UNIQUE,
    last   bigint NOT NULL,
    runs   bigint NOT NULL,
    min_id text COLLATE "C" NOT NULL,
    max_id text COLLATE "C" NOT NULL,
    stale  boolean NOT NULL DEFAULT false
);

-- The rows of blocks. Each ends with its own checksum. They do not compress.
CREATE TABLE workflow_runner.run_token (
    id    bigint PRIMARY KEY,
    bytes bytea NOT NULL
);
ALTER TABLE workflow_runner.run_token ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE FUNCTION workflow_runner.mark_stale_block() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE workflow_runner.run_block SET stale = true
        WHERE first = (SELECT first FROM workflow_runner.run_block
                       WHERE first <= OLD.number ORDER BY first DESC LIMIT 1)
            AND last >= OLD.number AND NOT stale;
    RETURN NULL;
END
$$;

CREATE TRIGGER indexed_run_deleted AFTER DELETE ON workflow_runner.run
    FOR EACH ROW EXECUTE FUNCTION workflow_runner.mark_stale_block();
