DROP INDEX `grp_ready`;--> statement-breakpoint
ALTER TABLE `want` ADD `ready` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `want_ready` ON `want` (`sweep`,`rank`,`grp`) WHERE open = 1 and ready = 1;--> statement-breakpoint
UPDATE `want` SET `ready` = (SELECT `ready` FROM `grp` WHERE `grp`.`id` = `want`.`grp`);
