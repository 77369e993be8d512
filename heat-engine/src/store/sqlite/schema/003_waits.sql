-- Stacks that nobody goes on with by himself. Of those that waited before this column was there their documents tell.

ALTER TABLE stack ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
