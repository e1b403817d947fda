CREATE TABLE `published_file` (
	`id` integer PRIMARY KEY NOT NULL,
	`model` text NOT NULL,
	`revision` text NOT NULL,
	`task` text NOT NULL,
	`datasetRevision` text NOT NULL,
	`origin` text NOT NULL,
	`mean` real,
	`source` blob
);
--> statement-breakpoint
CREATE UNIQUE INDEX `published_file_key` ON `published_file` (`model`,`revision`,`task`,`datasetRevision`);--> statement-breakpoint
CREATE INDEX `published_file_task` ON `published_file` (`task`,`id`,`model`,`revision`,`mean`);--> statement-breakpoint
DROP INDEX `published_task`;--> statement-breakpoint
CREATE INDEX `published_entry` ON `published` (`task`,`split`,`subset`,`model`,`revision`,`mainScore`);--> statement-breakpoint
INSERT INTO `published_file` (`model`, `revision`, `task`, `datasetRevision`, `origin`, `mean`) SELECT `model`, `revision`, `task`, `datasetRevision`, min(`origin`), iif(count(*) = count(`mainScore`), avg(`mainScore`), null) FROM `published` GROUP BY 1, 2, 3, 4;
