-- What answers counts without reading the runs. Triggers keep it, so that no statement can forget it.

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
