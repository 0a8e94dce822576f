CREATE TABLE `dead_letters` (
	`id` text PRIMARY KEY NOT NULL,
	`list` text NOT NULL,
	`status` text NOT NULL,
	`event_id` text NOT NULL,
	`destination` text NOT NULL,
	`kind` text,
	`entity_key` text,
	`class` text NOT NULL,
	`reason` text NOT NULL,
	`fields` text,
	`owner` text NOT NULL,
	`next_step` text NOT NULL,
	`attempts` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL,
	`raw_ref` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `dead_letters_open` ON `dead_letters` (`list`,`status`,`id`);--> statement-breakpoint
CREATE TABLE `events` (
	`id` text PRIMARY KEY NOT NULL,
	`rev` integer NOT NULL,
	`received_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL,
	`source` text NOT NULL,
	`type` text NOT NULL,
	`kind` text,
	`entity_key` text,
	`status` text NOT NULL,
	`class` text,
	`priority` text NOT NULL,
	`delivery_id` text NOT NULL,
	`correlation_id` text,
	`raw_ref` text,
	`detail` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `events_unfinished` ON `events` (`status`,`id`) WHERE status NOT IN ('delivered', 'superseded', 'ignored');--> statement-breakpoint
CREATE INDEX `events_correlated` ON `events` (`correlation_id`,`id`) WHERE correlation_id IS NOT NULL;--> statement-breakpoint
CREATE TABLE `links` (
	`term` text NOT NULL,
	`kind` text NOT NULL,
	`entity_key` text NOT NULL,
	`system` text NOT NULL,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`term`, `kind`, `entity_key`, `system`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `operator_actions` (
	`id` text PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`subject` text NOT NULL,
	`reason` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `rejections` (
	`minute_ms` integer NOT NULL,
	`source` text NOT NULL,
	`reason` text NOT NULL,
	`count` integer NOT NULL,
	`last_at_ms` integer NOT NULL,
	`example` text NOT NULL,
	PRIMARY KEY(`minute_ms`, `source`, `reason`)
) WITHOUT ROWID;
