// Everything that a Product is made of, put together: its tables, its trail, its outbox, and the desks where the work is done.
// Nothing is read or written here.
import { isHolding } from "../../content/releases/validation.ts";
import { productTrail } from "../../events/event-id.ts";
import { COUNTED_WITHIN_SECONDS } from "../../fleet/told-installations.ts";
import { Alarm } from "../alarm.ts";
import { type Change, SERVICE, type WriteProductAudit } from "../audit.ts";
import {
	directoryPort,
	givenUpDevices,
	type ObjectBindings,
	recordLanes,
	validatorSender,
	webhookSender,
	withdrawalTeller,
} from "../bindings.ts";
import { Outbox } from "../outbox/outbox.ts";
import { OutdatedRevisions } from "../outbox/outdated-revisions.ts";
import { Webhooks } from "../webhooks/webhooks.ts";
import { OnceDesk } from "./once-desk.ts";
import { ProductRecordWriter } from "./product-record-writer.ts";
import { ProductTables } from "./product-tables.ts";
import { PublisherDesk } from "./publisher-desk.ts";
import { DeltaDesk } from "./releases/delta-desk.ts";
import { DisabledRules } from "./releases/disabled-rules.ts";
import { ReleaseDesk } from "./releases/release-desk.ts";
import { RuleIndexDesk } from "./releases/rule-index-desk.ts";
import { ValidationDesk } from "./releases/validation-desk.ts";
import { ValidationTables } from "./releases/validation-tables.ts";
import { VariantDesk } from "./releases/variant-desk.ts";
import { WithdrawalLog } from "./releases/withdrawal-log.ts";
import { ControlTables } from "./rollouts/control-tables.ts";
import { LeaseTables } from "./rollouts/lease-tables.ts";
import { RegressionDesk } from "./rollouts/regression-desk.ts";
import { RolloutDesk } from "./rollouts/rollout-desk.ts";
import { RolloutTables } from "./rollouts/rollout-tables.ts";
import { tellTurn } from "./rollouts/rollout-trail.ts";
import { SettingsDesk } from "./settings-desk.ts";

export interface ProductDesks {
	readonly alarm: Alarm;
	readonly outbox: Outbox;
	readonly webhooks: Webhooks;
	readonly audit: WriteProductAudit;
	readonly tables: ProductTables;
	readonly rules: DisabledRules;
	readonly variants: VariantDesk;
	readonly deltas: DeltaDesk;
	readonly ruleIndexes: RuleIndexDesk;
	readonly records: ProductRecordWriter;
	readonly rollouts: RolloutTables;
	readonly leases: LeaseTables;
	readonly rolloutDesk: RolloutDesk;
	readonly regressions: RegressionDesk;
	readonly releaseDesk: ReleaseDesk;
	readonly validations: ValidationTables;
	readonly validationDesk: ValidationDesk;
	readonly settingsDesk: SettingsDesk;
	readonly publishers: PublisherDesk;
	readonly once: OnceDesk;
}

export function openProductDesks(storage: DurableObjectStorage, env: ObjectBindings): ProductDesks {
	const alarm = new Alarm(storage);
	const outbox = new Outbox({ storage, lanes: recordLanes(env), directory: directoryPort(env), alarm });
	const outdated = new OutdatedRevisions({ storage, alarm, lanes: () => outbox.lanes });
	const tables = new ProductTables(storage.sql);
	const owner = () => {
		const product = tables.info()?.name ?? "";
		return { trail: productTrail(product), named: { product } };
	};
	const webhooks = new Webhooks({ storage, alarm, sender: webhookSender(env), owner });
	const audit: WriteProductAudit = ({ actor, now: at, via }, action, subject, detail) =>
		webhooks.delivery.append({ at, actor, action, subject, detail, via });
	const rules = new DisabledRules(storage.sql, audit);
	const variants = new VariantDesk(storage.sql, tables, audit);
	const deltas = new DeltaDesk(storage.sql, tables, audit);
	const ruleIndexes = new RuleIndexDesk(storage.sql, tables, audit);
	const records = new ProductRecordWriter({ tables, rules, deltas, outbox, outdated });
	const publish = (now: number) => records.publish(now);
	const rollouts = new RolloutTables(storage.sql);
	const leases = new LeaseTables(storage.sql);
	const controls = new ControlTables(storage.sql);
	const service = (now: number) => ({ actor: SERVICE, now });
	const validations = new ValidationTables(storage.sql);
	const isHeld = (version: string) => {
		const validation = validations.validation(version);
		return validation !== null && isHolding(validation);
	};
	const rolloutDesk = new RolloutDesk({
		...{ storage, alarm, releases: tables, rollouts, leases, controls, publish, isHeld },
		tell: (version, turn, rollout, change) =>
			tellTurn(turn, rollout, (action, detail) => audit(change, action, version, detail)),
		tellUnhealthy: (version, detail, change) => audit(change, "rollout.unhealthy", version, detail),
		givenUp: (leases) => givenUpDevices(env, leases),
		service,
		// Never rejects.
		deliver: () => void outbox.deliver(),
	});
	const withdrawals = new WithdrawalLog({
		...{ sql: storage.sql, alarm, tell: withdrawalTeller(env) },
		product: () => tables.info()?.name ?? "",
	});
	const reconsider = (change: Change) => rolloutDesk.reconsider(change);
	const validationDesk = new ValidationDesk({
		...{ storage, alarm, validations, releases: tables, sender: validatorSender(env), audit, reconsider, service },
		// Never rejects.
		deliver: () => void outbox.deliver(),
	});
	const beside = [variants, deltas, ruleIndexes];
	const releaseDesk = new ReleaseDesk({
		...{ tables, beside, withdrawals, rollouts, rolloutDesk, audit, publish },
		ask: (change, version, sha256) => validationDesk.ask(change, version, sha256),
		forget: (version) => validations.drop(version),
	});
	const regressions = new RegressionDesk({
		...{ releases: tables, rollouts, audit, service },
		untoldSeconds: env.SUCCESS_REPORTS === "checks" ? COUNTED_WITHIN_SECONDS : 0,
	});
	const settingsDesk = new SettingsDesk({
		tables,
		audit,
		publish,
		reconsider,
	});
	return {
		alarm,
		outbox,
		webhooks,
		audit,
		tables,
		rules,
		variants,
		deltas,
		ruleIndexes,
		records,
		rollouts,
		leases,
		rolloutDesk,
		regressions,
		releaseDesk,
		validations,
		validationDesk,
		settingsDesk,
		publishers: new PublisherDesk(storage.sql, audit),
		once: new OnceDesk(storage),
	};
}
