// Everything that the Directory is made of, put together: its tables, its trail, its outbox, and the lists where the work is done. Nothing is
// read or written here.
import type { DeploymentEvent } from "../../events/catalogue.ts";
import { DIRECTORY_TRAIL } from "../../events/event-id.ts";
import { messagesKey } from "../../storage/keys.ts";
import { Alarm } from "../alarm.ts";
import type { Change } from "../audit.ts";
import { type ObjectBindings, pulseWriter, recordLanes, webhookSender } from "../bindings.ts";
import { nowSeconds } from "../clock.ts";
import { Outbox } from "../outbox/outbox.ts";
import type { RecordStep } from "../outbox/outbox-rows.ts";
import { OutdatedRevisions } from "../outbox/outdated-revisions.ts";
import { Republisher } from "../outbox/republisher.ts";
import { Webhooks } from "../webhooks/webhooks.ts";
import { AccountList } from "./account-list.ts";
import { CredentialList } from "./credential-list.ts";
import { DenialList } from "./denial-list.ts";
import { headsStep, messagesStep, pulseSteps, stepFor } from "./directory-records.ts";
import { DirectoryTables } from "./directory-tables.ts";
import { FactoryList } from "./factory-list.ts";
import { MessageList } from "./message-list.ts";
import { PackageDesk } from "./package-desk.ts";
import { ProbeDesk } from "./probe-desk.ts";
import { ProductList } from "./product-list.ts";

export interface DirectoryDesks {
	readonly alarm: Alarm;
	readonly outbox: Outbox;
	readonly outdated: OutdatedRevisions;
	readonly tables: DirectoryTables;
	readonly accounts: AccountList;
	readonly products: ProductList;
	readonly packages: PackageDesk;
	readonly probe: ProbeDesk;
	readonly credentials: CredentialList;
	readonly messages: MessageList;
	readonly denials: DenialList;
	readonly factories: FactoryList;
	readonly republisher: Republisher;
	readonly webhooks: Webhooks;
	/** After everything else of a change: each call is a new version. */
	nextHeadsStep(): RecordStep;
}

export function openDirectoryDesks(ctx: DurableObjectState, env: ObjectBindings): DirectoryDesks {
	const { storage } = ctx;
	const alarm = new Alarm(storage);
	const tables = new DirectoryTables(storage.sql);
	const present = (key: string) => stepFor(tables, key, nowSeconds());
	const putPulse = pulseWriter(env);
	const outbox = new Outbox({ storage, lanes: recordLanes(env), directory: null, alarm, present, putPulse });
	const outdated = new OutdatedRevisions({ storage, alarm, lanes: () => outbox.lanes });
	const owner = () => ({ trail: DIRECTORY_TRAIL, named: {} });
	const webhooks = new Webhooks({ storage, alarm, sender: webhookSender(env), owner });
	const audit = ({ actor, now, via }: Change, action: DeploymentEvent, subject: string, detail: string) =>
		webhooks.delivery.append({ at: now, actor, action, subject, detail, via });
	const nextHeadsStep = () => {
		tables.raiseRevision("heads");
		return headsStep(tables);
	};
	const publishMessages = (now: number) => {
		const revision = tables.raiseRevision("messages");
		if (revision > 1) outdated.add(messagesKey(revision - 1), now);
		outbox.add([messagesStep(tables, now), nextHeadsStep(), ...pulseSteps(tables, null)]);
	};
	return {
		...{ alarm, outbox, outdated, tables, webhooks, nextHeadsStep },
		accounts: new AccountList(tables, audit),
		products: new ProductList(tables, audit),
		packages: new PackageDesk(storage.sql, tables, audit),
		probe: new ProbeDesk(storage.sql, audit),
		credentials: new CredentialList(tables, audit),
		messages: new MessageList(tables, audit, publishMessages),
		factories: new FactoryList(storage.sql, audit),
		denials: new DenialList(tables, outdated),
		republisher: new Republisher(ctx, outbox),
	};
}
