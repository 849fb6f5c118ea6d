-- The ticks in a row that failed: since when, how many, and whether the school was told.
ALTER TABLE standing ADD COLUMN failing_since INTEGER;
ALTER TABLE standing ADD COLUMN failing_ticks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE standing ADD COLUMN failing_told INTEGER NOT NULL DEFAULT 0;
