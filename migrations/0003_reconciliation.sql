CREATE TABLE `findings` (
	`id` text PRIMARY KEY NOT NULL,
	`reconciliation` text NOT NULL,
	`type` text NOT NULL,
	`kind` text NOT NULL,
	`entity_key` text NOT NULL,
	`state` text NOT NULL,
	`owner` text NOT NULL,
	`recheck_at_ms` integer,
	`opened_at_ms` integer,
	`ended_at_ms` integer,
	`finding` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `findings_entity` ON `findings` (`reconciliation`,`entity_key`);--> statement-breakpoint
CREATE INDEX `findings_unfinished` ON `findings` (`reconciliation`,`state`,`id`) WHERE state IN ('suspected', 'open', 'repairing');--> statement-breakpoint
CREATE TABLE `projections` (
	`system` text NOT NULL,
	`kind` text NOT NULL,
	`entity_key` text NOT NULL,
	`remote_id` text,
	`data` text NOT NULL,
	`deleted` integer NOT NULL,
	`event_id` text NOT NULL,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`system`, `kind`, `entity_key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `reconciliation_runs` (
	`id` text PRIMARY KEY NOT NULL,
	`reconciliation` text NOT NULL,
	`state` text NOT NULL,
	`started_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL,
	`run` text NOT NULL,
	`sketch` blob
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `reconciliation_runs_one` ON `reconciliation_runs` (`reconciliation`) WHERE state = 'running';--> statement-breakpoint
CREATE TABLE `watermarks` (
	`reconciliation` text PRIMARY KEY NOT NULL,
	`watermark` text NOT NULL,
	`changes_at_ms` integer NOT NULL,
	`full_at_ms` integer NOT NULL
) WITHOUT ROWID;
