CREATE TABLE `handshakes` (
	`minute_ms` integer NOT NULL,
	`source` text NOT NULL,
	`reason` text NOT NULL,
	`count` integer NOT NULL,
	`last_at_ms` integer NOT NULL,
	`example` text NOT NULL,
	PRIMARY KEY(`minute_ms`, `source`, `reason`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `source_accounts` (
	`source` text NOT NULL,
	`account` text NOT NULL,
	`state` text NOT NULL,
	`secrets` text NOT NULL,
	`registration_until_ms` integer,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL,
	PRIMARY KEY(`source`, `account`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `subscriptions` (
	`source` text NOT NULL,
	`subscription_id` text NOT NULL,
	`resource` text NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`renewed_at_ms` integer,
	`checked_at_ms` integer NOT NULL,
	`problem` text,
	PRIMARY KEY(`source`, `subscription_id`)
) WITHOUT ROWID;
