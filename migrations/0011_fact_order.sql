ALTER TABLE `flow_facts` ADD `stream` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `flow_facts` ADD `token` text;