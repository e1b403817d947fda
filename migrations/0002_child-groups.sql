ALTER TABLE `grp` ADD `parent` integer;--> statement-breakpoint
ALTER TABLE `grp` ADD `parentConfig` text;--> statement-breakpoint
ALTER TABLE `grp` ADD `rerank` text;--> statement-breakpoint
CREATE INDEX `grp_parent` ON `grp` (`parent`,`parentConfig`) WHERE parent is not null;--> statement-breakpoint
CREATE INDEX `grp_unpaired` ON `grp` (`id`) WHERE rerank is not null and attached = 0;--> statement-breakpoint
CREATE INDEX `grp_lease` ON `grp` (`lease`) WHERE lease is not null;