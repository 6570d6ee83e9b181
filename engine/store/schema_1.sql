-- The trial ledger, version 1 (PRAGMA user_version). A later version is a script of its own that changes this one.
-- Times are ISO 8601 UTC. Hashes are 16 hexadecimal digits.

-- Every run that got as far as its run directory, whatever became of it.
CREATE TABLE runs (
    run_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    dir TEXT NOT NULL,                  -- absolute
    command TEXT NOT NULL,              -- run, study
    started TEXT NOT NULL,
    finished TEXT,                      -- NULL while running, and for a run that was killed
    status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'failed', 'interrupted')),
    error TEXT,                         -- the line it ended with
    host TEXT NOT NULL,                 -- whose process it is: a run whose process is gone was interrupted
    pid INTEGER NOT NULL,
    pid_started INTEGER NOT NULL,       -- clock ticks after the start of that host
    config TEXT NOT NULL,               -- resolved, JSON, as in run.json
    config_hash TEXT NOT NULL,          -- of what decides the results, data included; not of names and places
    data_hash TEXT NOT NULL,            -- of all fingerprints in run_data: the same bars of the same symbols
    symbols TEXT NOT NULL,
    interval TEXT NOT NULL,
    seeds TEXT NOT NULL,                -- JSON list
    n_folds INTEGER NOT NULL,
    test_begin TEXT NOT NULL,
    test_end TEXT NOT NULL,
    version TEXT NOT NULL,              -- of the program that ran it
    build TEXT NOT NULL,                -- its commit
    source_hash TEXT NOT NULL,
    kernels TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    forgotten INTEGER NOT NULL DEFAULT 0 -- hidden from lists; its trials count all the same
);
CREATE INDEX runs_by_data ON runs (data_hash);
CREATE TABLE tags (
    run_id INTEGER NOT NULL REFERENCES runs,
    tag TEXT NOT NULL,
    PRIMARY KEY (run_id, tag)
) WITHOUT ROWID;
CREATE TABLE run_data (
    run_id INTEGER NOT NULL REFERENCES runs,
    position INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    file TEXT NOT NULL,                 -- absolute
    fingerprint TEXT NOT NULL,
    bars INTEGER NOT NULL,
    PRIMARY KEY (run_id, position)
) WITHOUT ROWID;
CREATE TABLE folds (
    run_id INTEGER NOT NULL REFERENCES runs,
    fold INTEGER NOT NULL,              -- from 1
    train_begin TEXT NOT NULL,
    validation_begin TEXT NOT NULL,
    test_begin TEXT NOT NULL,
    test_end TEXT NOT NULL,
    PRIMARY KEY (run_id, fold)
) WITHOUT ROWID;
CREATE TABLE contestants (
    run_id INTEGER NOT NULL REFERENCES runs,
    contestant INTEGER NOT NULL,        -- from 1, in the experiment's order
    name TEXT NOT NULL,
    strategy TEXT NOT NULL,
    encoder TEXT,
    attention TEXT,
    parameters INTEGER,
    trial TEXT,                         -- of the table trials; NULL: a baseline without parameters, which is no trial
    PRIMARY KEY (run_id, contestant)
) WITHOUT ROWID;
-- What a finished run came to. A metric that could not be computed has no row.
CREATE TABLE metrics (
    run_id INTEGER NOT NULL REFERENCES runs,
    fold INTEGER NOT NULL,              -- 0: over all folds
    contestant INTEGER NOT NULL,
    gate TEXT NOT NULL CHECK (gate IN ('long', 'short', 'portfolio')),
    metric TEXT NOT NULL,               -- as summary.json spells it
    seed INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (run_id, fold, contestant, gate, metric, seed)
) WITHOUT ROWID;

-- One strategy x seed set x configuration whose test slice was scored on these data, however often it was run.
CREATE TABLE trials (
    data_hash TEXT NOT NULL,
    trial TEXT NOT NULL,
    first_run INTEGER NOT NULL REFERENCES runs,
    last_run INTEGER NOT NULL REFERENCES runs,
    name TEXT NOT NULL,                 -- as its last run called it
    seeds INTEGER NOT NULL,
    n_bars INTEGER NOT NULL,
    test_begin TEXT NOT NULL,
    test_end TEXT NOT NULL,
    sharpe REAL,                        -- per bar, of the mean over seeds of the returns; NULL: ruined
    PRIMARY KEY (data_hash, trial)
) WITHOUT ROWID;
-- Sums of its returns over equal parts of its test bars: what the probability of overfitting is computed from.
CREATE TABLE trial_parts (
    data_hash TEXT NOT NULL,
    trial TEXT NOT NULL,
    part INTEGER NOT NULL,              -- from 0
    n_bars INTEGER NOT NULL,
    sum REAL NOT NULL,
    sum_of_squares REAL NOT NULL,
    PRIMARY KEY (data_hash, trial, part)
) WITHOUT ROWID;

-- For people: metrics over all folds, mean over seeds, with names.
CREATE VIEW results AS
SELECT r.run_id, r.name AS run, r.symbols, r.data_hash, r.status, r.started, c.name AS strategy, c.attention, c.trial,
       m.gate, m.metric, avg(m.value) AS value, count(*) AS seeds
FROM metrics m JOIN runs r USING (run_id) JOIN contestants c USING (run_id, contestant)
WHERE m.fold = 0 AND NOT r.forgotten
GROUP BY m.run_id, m.contestant, m.gate, m.metric;
