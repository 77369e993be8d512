-- Nested stacks: which outermost stack one lies in.

ALTER TABLE stack ADD COLUMN root TEXT;

CREATE INDEX stack_of_root ON stack (root) WHERE root IS NOT NULL;
