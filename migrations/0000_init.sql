CREATE TABLE `cell` (
	`grp` integer NOT NULL,
	`config` text NOT NULL,
	`configJson` text NOT NULL,
	`state` text NOT NULL,
	`mainScore` real,
	`metrics` text,
	`evidence` text,
	`run` text,
	`perQuery` text,
	`failure` text,
	`scoredAt` text,
	PRIMARY KEY(`grp`, `config`),
	FOREIGN KEY (`grp`) REFERENCES `grp`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `cell_run` ON `cell` (`run`) WHERE run is not null;--> statement-breakpoint
CREATE INDEX `cell_per_query` ON `cell` (`perQuery`) WHERE perQuery is not null;--> statement-breakpoint
CREATE INDEX `cell_scored` ON `cell` (`state`,`grp`);--> statement-breakpoint
CREATE TABLE `chunk` (
	`encoding` integer NOT NULL,
	`n` integer NOT NULL,
	`start` integer NOT NULL,
	`end` integer NOT NULL,
	`bytes` integer NOT NULL,
	`tokens` integer NOT NULL,
	`digest` text,
	`lease` text,
	`tries` integer DEFAULT 0 NOT NULL,
	`failed` text,
	`evidence` text,
	PRIMARY KEY(`encoding`, `n`),
	FOREIGN KEY (`encoding`) REFERENCES `encoding`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `chunk_todo` ON `chunk` (`encoding`,`n`) WHERE digest is null and lease is null and failed is null;--> statement-breakpoint
CREATE INDEX `chunk_missing` ON `chunk` (`encoding`) WHERE digest is null;--> statement-breakpoint
CREATE INDEX `chunk_lease` ON `chunk` (`lease`) WHERE lease is not null;--> statement-breakpoint
CREATE INDEX `chunk_leased` ON `chunk` (`encoding`,`lease`) WHERE lease is not null;--> statement-breakpoint
CREATE INDEX `chunk_digest` ON `chunk` (`digest`) WHERE digest is not null;--> statement-breakpoint
CREATE INDEX `chunk_failed` ON `chunk` (`encoding`) WHERE failed is not null;--> statement-breakpoint
CREATE TABLE `config_set` (
	`id` text PRIMARY KEY NOT NULL,
	`json` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `crash` (
	`encoding` integer NOT NULL,
	`n` integer NOT NULL,
	`lease` text NOT NULL,
	PRIMARY KEY(`encoding`, `n`, `lease`)
);
--> statement-breakpoint
CREATE TABLE `encoding` (
	`id` integer PRIMARY KEY NOT NULL,
	`textSet` text NOT NULL,
	`encodingKey` text NOT NULL,
	`lane` text NOT NULL,
	`side` text NOT NULL,
	`complete` integer NOT NULL,
	FOREIGN KEY (`textSet`) REFERENCES `text_set`(`digest`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `encoding_key` ON `encoding` (`textSet`,`encodingKey`);--> statement-breakpoint
CREATE INDEX `encoding_lane` ON `encoding` (`lane`) WHERE complete = 0;--> statement-breakpoint
CREATE TABLE `garbage` (
	`digest` text PRIMARY KEY NOT NULL,
	`since` real NOT NULL
);
--> statement-breakpoint
CREATE TABLE `grp` (
	`id` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`lane` text NOT NULL,
	`taskKey` text NOT NULL,
	`model` text NOT NULL,
	`revision` text NOT NULL,
	`variant` text NOT NULL,
	`recipeKey` text NOT NULL,
	`recipe` text NOT NULL,
	`querySide` text NOT NULL,
	`documentSide` text NOT NULL,
	`rank` integer NOT NULL,
	`attached` integer DEFAULT 0 NOT NULL,
	`ready` integer DEFAULT 0 NOT NULL,
	`lease` text,
	`tries` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`taskKey`) REFERENCES `task`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `grp_key` ON `grp` (`key`);--> statement-breakpoint
CREATE INDEX `grp_task` ON `grp` (`taskKey`);--> statement-breakpoint
CREATE INDEX `grp_ready` ON `grp` (`id`) WHERE ready = 1 and lease is null;--> statement-breakpoint
CREATE INDEX `grp_model` ON `grp` (`model`,`revision`);--> statement-breakpoint
CREATE TABLE `grp_encoding` (
	`grp` integer NOT NULL,
	`side` text NOT NULL,
	`encoding` integer NOT NULL,
	PRIMARY KEY(`grp`, `side`),
	FOREIGN KEY (`grp`) REFERENCES `grp`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`encoding`) REFERENCES `encoding`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `ge_enc` ON `grp_encoding` (`encoding`,`grp`);--> statement-breakpoint
CREATE TABLE `lease` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`lane` text NOT NULL,
	`sweep` text NOT NULL,
	`grp` integer,
	`run` text,
	`host` text,
	`boot` integer,
	`claimSeq` integer,
	`slot` text
);
--> statement-breakpoint
CREATE INDEX `lease_lane` ON `lease` (`lane`);--> statement-breakpoint
CREATE INDEX `lease_host` ON `lease` (`host`) WHERE host is not null;--> statement-breakpoint
CREATE TABLE `load` (
	`key` text PRIMARY KEY NOT NULL,
	`json` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `published` (
	`id` integer PRIMARY KEY NOT NULL,
	`model` text NOT NULL,
	`revision` text NOT NULL,
	`task` text NOT NULL,
	`subset` text NOT NULL,
	`split` text NOT NULL,
	`mainScore` real,
	`metrics` text NOT NULL,
	`languages` text NOT NULL,
	`mtebVersion` text,
	`datasetRevision` text DEFAULT '' NOT NULL,
	`evaluationTime` real,
	`origin` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `published_key` ON `published` (`model`,`revision`,`task`,`subset`,`split`,`datasetRevision`);--> statement-breakpoint
CREATE INDEX `published_task` ON `published` (`task`,`split`,`subset`,`model`,`mainScore`);--> statement-breakpoint
CREATE TABLE `score_lease` (
	`id` text PRIMARY KEY NOT NULL,
	`grp` integer NOT NULL,
	`configs` text NOT NULL,
	FOREIGN KEY (`grp`) REFERENCES `grp`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `sweep` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`state` text NOT NULL,
	`weight` real NOT NULL,
	`vtime` real NOT NULL,
	`spec` text NOT NULL,
	`gates` text NOT NULL,
	`warnings` text NOT NULL,
	`budget` text NOT NULL,
	`isLimited` integer NOT NULL,
	`createdAt` text NOT NULL,
	`endedAt` text,
	`runMs` real DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `sweep_state` ON `sweep` (`state`,`vtime`);--> statement-breakpoint
CREATE TABLE `task` (
	`key` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`name` text NOT NULL,
	`subset` text NOT NULL,
	`split` text NOT NULL,
	`mainScore` text NOT NULL,
	`languages` text NOT NULL,
	`ref` text NOT NULL,
	`queries` text,
	`documents` text,
	`judgments` text,
	`counts` text,
	`datasetRevision` text,
	`failure` text
);
--> statement-breakpoint
CREATE INDEX `task_wanted` ON `task` (`key`) WHERE state = 'wanted';--> statement-breakpoint
CREATE INDEX `task_judgments` ON `task` (`judgments`) WHERE judgments is not null;--> statement-breakpoint
CREATE INDEX `task_queries` ON `task` (`queries`) WHERE queries is not null;--> statement-breakpoint
CREATE INDEX `task_documents` ON `task` (`documents`) WHERE documents is not null;--> statement-breakpoint
CREATE TABLE `text_set` (
	`digest` text PRIMARY KEY NOT NULL,
	`items` integer NOT NULL,
	`bytes` integer NOT NULL,
	`bounds` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `want` (
	`sweep` text NOT NULL,
	`grp` integer NOT NULL,
	`lane` text NOT NULL,
	`rank` integer NOT NULL,
	`configs` text NOT NULL,
	`open` integer NOT NULL,
	PRIMARY KEY(`sweep`, `grp`),
	FOREIGN KEY (`sweep`) REFERENCES `sweep`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`grp`) REFERENCES `grp`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`configs`) REFERENCES `config_set`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `want_open` ON `want` (`sweep`,`lane`,`rank`,`grp`) WHERE open = 1;--> statement-breakpoint
CREATE INDEX `want_grp` ON `want` (`grp`);