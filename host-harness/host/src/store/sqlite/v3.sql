-- The fence: a commit of a host that another has taken the school over from carries a lower one and is refused.
ALTER TABLE standing ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
