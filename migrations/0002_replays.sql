CREATE TABLE `replays` (
	`id` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`request` text NOT NULL,
	`plan` text NOT NULL,
	`progress` text,
	`asked_by` text NOT NULL,
	`approved_by` text,
	`cancelled_by` text,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL
) WITHOUT ROWID;
