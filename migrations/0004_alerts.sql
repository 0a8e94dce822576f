CREATE TABLE `alerts` (
	`id` text PRIMARY KEY NOT NULL,
	`rev` integer NOT NULL,
	`state` text NOT NULL,
	`owner` text NOT NULL,
	`severity` text NOT NULL,
	`opened_at_ms` integer,
	`ended_at_ms` integer,
	`alert` text NOT NULL,
	`told` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `measures` (
	`id` text PRIMARY KEY NOT NULL,
	`counts` text NOT NULL
) WITHOUT ROWID;
