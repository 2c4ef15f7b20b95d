-- What engines on one store exchange: see `workflow-core/src/fleet`. Beside the table of runs, so that an append writes
-- as much as without a fleet. Each row of a run is deleted with it, whoever deletes it.
-- Times are those of the server: the clocks of machines differ.

-- Requests to the engine that drives a run. Later ones have greater numbers: they are assigned and committed while the
-- row of the run is locked.
CREATE TABLE workflow_runner.command (
    run    bigint NOT NULL REFERENCES workflow_runner.run (number) ON DELETE CASCADE,
    number bigint GENERATED ALWAYS AS IDENTITY,
    body   text NOT NULL,
    PRIMARY KEY (run, number)
);

-- Engines that drive a run although their dispatcher does not know that any more.
CREATE TABLE workflow_runner.claim (
    run         bigint PRIMARY KEY REFERENCES workflow_runner.run (number) ON DELETE CASCADE,
    instance    text COLLATE "C" NOT NULL,
    valid_until timestamptz NOT NULL
);

-- Why runs cannot continue after event number `seq`.
CREATE TABLE workflow_runner.blocked (
    run     bigint PRIMARY KEY REFERENCES workflow_runner.run (number) ON DELETE CASCADE,
    seq     bigint NOT NULL,
    problem text NOT NULL
);

-- Engines that are alive. Their ids sort by the time of their start.
CREATE TABLE workflow_runner.instance (
    id          text COLLATE "C" PRIMARY KEY,
    valid_until timestamptz NOT NULL
);
