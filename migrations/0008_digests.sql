CREATE TABLE `digests` (
	`day` text PRIMARY KEY NOT NULL,
	`event` text NOT NULL,
	`sent_at_ms` integer
) WITHOUT ROWID;
