CREATE TABLE `sla_counts` (
	`sla` text NOT NULL,
	`at_ms` integer NOT NULL,
	`good` integer NOT NULL,
	`bad` integer NOT NULL,
	`lag0` integer NOT NULL,
	`lag1` integer NOT NULL,
	`lag2` integer NOT NULL,
	`lag3` integer NOT NULL,
	`lag4` integer NOT NULL,
	`lag5` integer NOT NULL,
	`lag6` integer NOT NULL,
	PRIMARY KEY(`sla`, `at_ms`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `sla_spans` (
	`sla` text NOT NULL,
	`subject` text NOT NULL,
	`kind` text NOT NULL,
	`entity_key` text NOT NULL,
	`event_id` text NOT NULL,
	`first_ms` integer,
	`first_due_ms` integer,
	`last_ms` integer,
	`last_due_ms` integer,
	`withdrawn_ms` integer,
	`end_ms` integer,
	`due_ms` integer,
	`verdict` text NOT NULL,
	`decided_ms` integer,
	`lag_class` integer,
	PRIMARY KEY(`sla`, `subject`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `sla_spans_watched` ON `sla_spans` (`sla`,`verdict`,`due_ms`,`subject`) WHERE verdict IN ('open', 'late');