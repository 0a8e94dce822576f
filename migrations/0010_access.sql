CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`owner` text NOT NULL,
	`role` text NOT NULL,
	`operations` text,
	`created_by` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`proof` text NOT NULL,
	`last_used_at_ms` integer,
	`revoked_at_ms` integer,
	`revoked_by` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_name` ON `api_keys` (`name`);--> statement-breakpoint
CREATE TABLE `chain_anchors` (
	`kind` text NOT NULL,
	`entity_key` text NOT NULL,
	`seq` integer NOT NULL,
	`hash` text NOT NULL,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`kind`, `entity_key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `erasures` (
	`id` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`subject_digest` text NOT NULL,
	`asked_by` text NOT NULL,
	`reason` text NOT NULL,
	`progress` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `operator_actions` ADD `seq` integer;--> statement-breakpoint
ALTER TABLE `operator_actions` ADD `hash` text;