// Every fault that the tests are asked about.
import type { FileEdits } from "../edit.ts";
import { COMMAND_LINE } from "./cli/command-line.ts";
import { COMMANDS } from "./cli/commands.ts";
import { FIREWALL } from "./cli/firewall.ts";
import { FIREWALL_UPDATES } from "./cli/firewall-updates.ts";
import { CLIENT_CERTIFICATES } from "./client-certificates.ts";
import { DIRECT_DOWNLOADS } from "./direct-downloads.ts";
import { FLEET } from "./fleet.ts";
import { HISTORY } from "./history.ts";
import { ACCOUNT_DEVICES } from "./objects/account-devices.ts";
import { ACCOUNT_GROUPS_AND_WEBHOOKS } from "./objects/account-groups-and-webhooks.ts";
import { ACCOUNT_LICENSES } from "./objects/account-licenses.ts";
import { DIRECTORY } from "./objects/directory.ts";
import { HELD_BACK } from "./objects/held-back.ts";
import { OBJECTS_SHARED } from "./objects/objects-shared.ts";
import { OUTBOX } from "./objects/outbox.ts";
import { PRODUCT } from "./objects/product.ts";
import { REPLAY } from "./objects/replay.ts";
import { PACKAGES } from "./packages.ts";
import { PUBLISHING } from "./publishing.ts";
import { RELEASE_FACTS } from "./release-facts.ts";
import { REQUIRES } from "./requires.ts";
import { REVERTS_AND_POLICIES } from "./reverts-and-policies.ts";
import { ROLLOUTS } from "./rollouts.ts";
import { ROUTES } from "./routes.ts";
import { RULE_INDEXES } from "./rule-indexes.ts";
import { STORAGE_RECORDS } from "./storage-records.ts";
import { STORAGE_STORES } from "./storage-stores.ts";
import { TRUST } from "./trust.ts";
import { VARIANTS } from "./variants.ts";

export const ALL_EDITS: readonly FileEdits[] = [
	...ROUTES,
	...PUBLISHING,
	...STORAGE_RECORDS,
	...STORAGE_STORES,
	...OBJECTS_SHARED,
	...OUTBOX,
	...DIRECTORY,
	...PRODUCT,
	...REPLAY,
	...CLIENT_CERTIFICATES,
	...DIRECT_DOWNLOADS,
	...HELD_BACK,
	...REQUIRES,
	...REVERTS_AND_POLICIES,
	...RELEASE_FACTS,
	...ROLLOUTS,
	...PACKAGES,
	...ACCOUNT_DEVICES,
	...ACCOUNT_LICENSES,
	...ACCOUNT_GROUPS_AND_WEBHOOKS,
	...FIREWALL,
	...FIREWALL_UPDATES,
	...FLEET,
	...COMMAND_LINE,
	...COMMANDS,
	...TRUST,
	...HISTORY,
	...RULE_INDEXES,
	...VARIANTS,
];
