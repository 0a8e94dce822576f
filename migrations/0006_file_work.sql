CREATE TABLE `file_work` (
	`name` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`lease_until_ms` integer NOT NULL,
	`state` text NOT NULL
) WITHOUT ROWID;
