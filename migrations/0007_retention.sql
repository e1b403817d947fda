ALTER TABLE `encoding` ADD `usedAt` text;--> statement-breakpoint
ALTER TABLE `sweep` ADD `keep` text DEFAULT 'all' NOT NULL;--> statement-breakpoint
UPDATE `encoding` SET `usedAt` = (SELECT max(c.`scoredAt`) FROM `grp_encoding` ge JOIN `cell` c ON c.`grp` = ge.`grp` WHERE ge.`encoding` = `encoding`.`id`);
