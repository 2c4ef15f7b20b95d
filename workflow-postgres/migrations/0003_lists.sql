-- What answers counts without reading the runs. Triggers keep it, so that no statement can forget it, those of an
-- older version neither.

-- How many runs there are of each workflow and status: the sum over all `backend`s. Each connection counts in rows of
-- its own, so that no append waits for another; maintenance moves them to backend 0. A row may be negative.
CREATE TABLE workflow_runner.run_count (
    workflow text COLLATE "C" NOT NULL,
    status   text COLLATE "C" NOT NULL,
    backend  integer NOT NULL,
    runs     bigint NOT NULL,
    PRIMARY KEY (workflow, status, backend)
) WITH (fillfactor = 50);

CREATE FUNCTION workflow_runner.count_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO workflow_runner.run_count AS counted (workflow, status, backend, runs)
        SELECT moved.workflow, moved.status, pg_backend_pid(), moved.runs
        FROM (VALUES (OLD.workflow, OLD.status, -1), (NEW.workflow, NEW.status, 1)) AS moved (workflow, status, runs)
        WHERE moved.workflow IS NOT NULL
        ON CONFLICT (workflow, status, backend) DO UPDATE SET runs = counted.runs + excluded.runs;
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

INSERT INTO workflow_runner.run_count (workflow, status, backend, runs)
    SELECT workflow, status, 0, count(*) FROM workflow_runner.run GROUP BY workflow, status;
