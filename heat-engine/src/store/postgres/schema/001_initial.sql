-- Columns are what is asked for; everything else of a record is in its document, JSON that can be read with any client.
-- What is secret in it is taken out and lies in `sealed`. Times of records are microseconds since 1970; leases run by the
-- clock of the server. Ids are compared byte by byte, whatever the database's collation.

-- An engine that works, or worked, on this store.
CREATE TABLE engine (
    id      TEXT COLLATE "C" PRIMARY KEY,
    name    TEXT NOT NULL,            -- for people: process and machine
    expires TIMESTAMPTZ NOT NULL      -- the end of its lease; renewed while it lives
);

CREATE TABLE stack (
    id       TEXT COLLATE "C" PRIMARY KEY,
    project  TEXT COLLATE "C" NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    created  BIGINT NOT NULL,
    deleted  BIGINT,                  -- set: a tombstone
    root     TEXT COLLATE "C",        -- of a nested stack: the outermost one that it lies in
    waits    BOOLEAN NOT NULL,        -- nobody goes on with it by himself
    document TEXT NOT NULL,
    sealed   BYTEA
);

CREATE UNIQUE INDEX stack_living_name ON stack (project, name) WHERE deleted IS NULL;
CREATE INDEX stack_by_age ON stack (created, id);
CREATE INDEX stack_of_project ON stack (project, created, id);
CREATE INDEX stack_deleted ON stack (deleted) WHERE deleted IS NOT NULL;
CREATE INDEX stack_of_root ON stack (root) WHERE root IS NOT NULL;

-- Who may write to a living stack. Every transaction locks the rows of the stacks that it writes to.
CREATE TABLE claim (
    stack     TEXT COLLATE "C" PRIMARY KEY REFERENCES stack (id) ON DELETE CASCADE,
    epoch     BIGINT NOT NULL,        -- grows with every claim
    holder    TEXT COLLATE "C",       -- the engine that may write
    since     TIMESTAMPTZ NOT NULL,   -- when the epoch began
    wanted    TEXT COLLATE "C",       -- an engine that asks the holder to let go
    wanted_at TIMESTAMPTZ
) WITH (fillfactor = 70);             -- changed in place, again and again

CREATE INDEX claim_of_engine ON claim (holder) WHERE holder IS NOT NULL;

CREATE TABLE resource (
    position     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- order of first writing
    id           TEXT COLLATE "C" NOT NULL UNIQUE,
    stack        TEXT COLLATE "C" NOT NULL REFERENCES stack (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    physical_ids TEXT,                -- JSON list; null where there is none
    document     TEXT NOT NULL,
    sealed       BYTEA
) WITH (fillfactor = 80);

CREATE INDEX resource_of_stack ON resource (stack, position);

CREATE TABLE traversal (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       TEXT COLLATE "C" NOT NULL UNIQUE,
    stack    TEXT COLLATE "C" NOT NULL REFERENCES stack (id) ON DELETE CASCADE,
    document TEXT NOT NULL,
    sealed   BYTEA
);

CREATE INDEX traversal_of_stack ON traversal (stack);

-- Templates, environments and files, each content once. Bytes: a file may hold what PostgreSQL's texts cannot.
CREATE TABLE source (
    hash     TEXT COLLATE "C" PRIMARY KEY,
    document BYTEA NOT NULL,
    sealed   BYTEA
);

CREATE TABLE stack_source (
    stack TEXT COLLATE "C" NOT NULL REFERENCES stack (id) ON DELETE CASCADE,
    hash  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stack, hash)
);

CREATE INDEX stack_source_by_hash ON stack_source (hash);

CREATE TABLE event (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stack    TEXT COLLATE "C" NOT NULL,
    resource TEXT NOT NULL,
    document TEXT NOT NULL
);

CREATE INDEX event_of_stack ON event (stack, sequence);
