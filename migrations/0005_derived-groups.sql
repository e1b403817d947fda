CREATE TABLE `source` (
	`grp` integer NOT NULL,
	`place` integer NOT NULL,
	`parent` integer NOT NULL,
	`config` text NOT NULL,
	PRIMARY KEY(`grp`, `place`),
	FOREIGN KEY (`grp`) REFERENCES `grp`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `source_parent` ON `source` (`parent`,`config`);--> statement-breakpoint
ALTER TABLE `grp` ADD `base` integer;--> statement-breakpoint
ALTER TABLE `grp` ADD `derived` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `grp` SET `base` = `parent` WHERE `parent` is not null;
