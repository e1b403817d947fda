CREATE TABLE `consistency` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` text NOT NULL,
	`modelA` text NOT NULL,
	`modelB` text NOT NULL,
	`loadA` text NOT NULL,
	`loadB` text NOT NULL,
	`a` text NOT NULL,
	`b` text NOT NULL,
	`kind` text NOT NULL,
	`texts` text NOT NULL,
	`holds` integer NOT NULL,
	`agreement` real,
	`verdict` text NOT NULL,
	`numbers` text NOT NULL,
	`code` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `consistency_a` ON `consistency` (`modelA`);--> statement-breakpoint
CREATE INDEX `consistency_b` ON `consistency` (`modelB`);