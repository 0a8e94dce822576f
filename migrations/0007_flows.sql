CREATE TABLE `flow_fact_ties` (
	`kind` text NOT NULL,
	`record_key` text NOT NULL,
	`tie` text NOT NULL,
	PRIMARY KEY(`kind`, `record_key`, `tie`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `flow_fact_ties_tie` ON `flow_fact_ties` (`tie`);--> statement-breakpoint
CREATE TABLE `flow_facts` (
	`kind` text NOT NULL,
	`record_key` text NOT NULL,
	`event_id` text NOT NULL,
	`at_ms` integer NOT NULL,
	`deleted` integer NOT NULL,
	`data` text NOT NULL,
	PRIMARY KEY(`kind`, `record_key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `flow_run_ties` (
	`tie` text NOT NULL,
	`run_id` text NOT NULL,
	PRIMARY KEY(`tie`, `run_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `flow_runs` (
	`id` text PRIMARY KEY NOT NULL,
	`flow` text NOT NULL,
	`entity_key` text NOT NULL,
	`state` text NOT NULL,
	`rev` integer NOT NULL,
	`started_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL,
	`due_at_ms` integer,
	`workflow` text NOT NULL,
	`run` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `flow_runs_listed` ON `flow_runs` (`started_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `flow_runs_open` ON `flow_runs` (`state`,`due_at_ms`) WHERE state IN ('running', 'blocked', 'compensating');