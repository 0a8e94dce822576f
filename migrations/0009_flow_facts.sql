CREATE TABLE `flow_fact_refs` (
	`tie` text NOT NULL,
	`kind` text NOT NULL,
	`record_key` text NOT NULL,
	PRIMARY KEY(`tie`, `kind`, `record_key`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `flow_facts` ADD `ties` text DEFAULT '[]' NOT NULL;
--> statement-breakpoint
UPDATE `flow_facts` SET `ties` = (SELECT json_group_array(t.`tie`) FROM `flow_fact_ties` t WHERE t.`kind` = `flow_facts`.`kind` AND t.`record_key` = `flow_facts`.`record_key`);
