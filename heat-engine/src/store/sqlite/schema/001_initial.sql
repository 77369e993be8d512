-- Columns are what is asked for; everything else of a record is in its document, JSON that can be read with any SQLite
-- client. What is secret in it is taken out and lies in `sealed`. Times are microseconds since 1970.

CREATE TABLE stack (
    id       TEXT NOT NULL PRIMARY KEY,
    project  TEXT NOT NULL,
    name     TEXT NOT NULL,
    created  INTEGER NOT NULL,
    deleted  INTEGER,            -- set: a tombstone
    epoch    INTEGER NOT NULL,   -- grows with every claim
    holder   TEXT,               -- the engine that may write; names its lock file
    document TEXT NOT NULL,
    sealed   BLOB
) STRICT;

CREATE UNIQUE INDEX stack_living_name ON stack (project, name) WHERE deleted IS NULL;
CREATE INDEX stack_by_age ON stack (created, id);
CREATE INDEX stack_of_project ON stack (project, created, id);
CREATE INDEX stack_deleted ON stack (deleted) WHERE deleted IS NOT NULL;

CREATE TABLE resource (
    position     INTEGER PRIMARY KEY,  -- order of first writing
    id           TEXT NOT NULL UNIQUE,
    stack        TEXT NOT NULL REFERENCES stack (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    physical_ids TEXT,                 -- JSON list; null where there is none
    document     TEXT NOT NULL,
    sealed       BLOB
) STRICT;

CREATE INDEX resource_of_stack ON resource (stack);
-- Answers "which ids does the project know" without reading documents.
CREATE INDEX resource_physical_ids ON resource (stack, physical_ids) WHERE physical_ids IS NOT NULL;

CREATE TABLE traversal (
    position INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    stack    TEXT NOT NULL REFERENCES stack (id) ON DELETE CASCADE,
    document TEXT NOT NULL,
    sealed   BLOB
) STRICT;

CREATE INDEX traversal_of_stack ON traversal (stack);

-- Templates, environments and files, each content once.
CREATE TABLE source (
    hash     TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,
    sealed   BLOB
) STRICT;

CREATE TABLE stack_source (
    stack TEXT NOT NULL REFERENCES stack (id) ON DELETE CASCADE,
    hash  TEXT NOT NULL,
    PRIMARY KEY (stack, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX stack_source_by_hash ON stack_source (hash);

CREATE TABLE event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice
    stack    TEXT NOT NULL,
    resource TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;

CREATE INDEX event_of_stack ON event (stack);
