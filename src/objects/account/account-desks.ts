// Everything that an Account is made of, put together: its tables, its trail, its outbox, and the desks where the work is done.
// Nothing is read or written here.

import { accountObjectName } from "../../entitlement/ids.ts";
import type { AccountEvent } from "../../events/catalogue.ts";
import { accountTrail } from "../../events/event-id.ts";
import { lastHeard } from "../../fleet/device-state.ts";
import { Alarm } from "../alarm.ts";
import type { WriteAudit } from "../audit.ts";
import {
	censusPort,
	directoryPort,
	type ObjectBindings,
	recordLanes,
	serialPort,
	ttlSeconds,
	webhookSender,
} from "../bindings.ts";
import { Outbox } from "../outbox/outbox.ts";
import type { RecordStep } from "../outbox/outbox-rows.ts";
import { Webhooks } from "../webhooks/webhooks.ts";
import { AccountDesk } from "./account-desk.ts";
import { DENIAL_MARGIN_SECONDS, stepOf } from "./account-records.ts";
import { AccountTables } from "./account-tables.ts";
import type { DeskParts } from "./desk.ts";
import { Admission } from "./devices/admission.ts";
import { CertificateDesk } from "./devices/certificate-desk.ts";
import { ClaimDesk } from "./devices/claim-desk.ts";
import { ClaimTables } from "./devices/claim-tables.ts";
import { DeviceDesk } from "./devices/device-desk.ts";
import { DeviceTables } from "./devices/device-tables.ts";
import { ImportDesk } from "./devices/import-desk.ts";
import { ReplacementDesk } from "./devices/replacement-desk.ts";
import { SuspensionTrail } from "./devices/suspension-trail.ts";
import { AnchorDesk } from "./fleet/anchor-desk.ts";
import { AnchorTables } from "./fleet/anchor-tables.ts";
import { DeviceCount } from "./fleet/device-count.ts";
import { DeviceSearch } from "./fleet/device-search.ts";
import { LineageDesk } from "./fleet/lineage-desk.ts";
import { LineageTables } from "./fleet/lineage-tables.ts";
import { ReceiptDesk } from "./fleet/receipt-desk.ts";
import { ReceiptTables } from "./fleet/receipt-tables.ts";
import { SerialDesk } from "./fleet/serial-desk.ts";
import { StateDesk } from "./fleet/state-desk.ts";
import { StateTables } from "./fleet/state-tables.ts";
import { SummaryDesk } from "./fleet/summary-desk.ts";
import { TripwireDesk } from "./fleet/tripwire-desk.ts";
import { TripwireTables } from "./fleet/tripwire-tables.ts";
import { WatchDesk } from "./fleet/watch-desk.ts";
import { HaArrivalTables } from "./ha/ha-arrival-tables.ts";
import { HaDesk } from "./ha/ha-desk.ts";
import { HaHolders } from "./ha/ha-holders.ts";
import { HaLockTables } from "./ha/ha-lock-tables.ts";
import { HaLocks } from "./ha/ha-locks.ts";
import { HaReports } from "./ha/ha-reports.ts";
import { HaStops } from "./ha/ha-stops.ts";
import { HaTables } from "./ha/ha-tables.ts";
import { InstanceDesk } from "./instances/instance-desk.ts";
import { InstanceTables } from "./instances/instance-tables.ts";
import { ExpiryDesk } from "./licenses/expiry-desk.ts";
import { LicenseDesk } from "./licenses/license-desk.ts";
import { LicenseTables } from "./licenses/license-tables.ts";
import { LicenseTransfer, SEATS_PER_PAGE } from "./licenses/license-transfer.ts";
import { RecordRenewal } from "./licenses/record-renewal.ts";
import { TransferTables } from "./licenses/transfer-tables.ts";
import { PolicyDesk } from "./policy/policy-desk.ts";
import { PolicyTables } from "./policy/policy-tables.ts";
import { SeatDesk } from "./seats/seat-desk.ts";
import { SeatHistoryTables } from "./seats/seat-history-tables.ts";
import { SeatLedger } from "./seats/seat-ledger.ts";
import { SeatTables } from "./seats/seat-tables.ts";

export interface AccountDesks extends DeskParts {
	/** shared by all that have something to do later */
	readonly alarm: Alarm;
	readonly webhooks: Webhooks;
	readonly accountDesk: AccountDesk;
	readonly licenseDesk: LicenseDesk;
	readonly licenseTransfer: LicenseTransfer;
	readonly deviceDesk: DeviceDesk;
	readonly haDesk: HaDesk;
	readonly instanceDesk: InstanceDesk;
	readonly replacementDesk: ReplacementDesk;
	readonly importDesk: ImportDesk;
	readonly certificateDesk: CertificateDesk;
	readonly claimDesk: ClaimDesk;
	readonly states: StateTables;
	readonly anchors: AnchorTables;
	readonly stateDesk: StateDesk;
	readonly deviceSearch: DeviceSearch;
	readonly receiptDesk: ReceiptDesk;
	readonly lineageDesk: LineageDesk;
	readonly tripwireDesk: TripwireDesk;
	readonly policyDesk: PolicyDesk;
	readonly summaryDesk: SummaryDesk;
}

/** @param seatsPerPage see LicenseTransfer */
export function openDesks(
	storage: DurableObjectStorage,
	env: ObjectBindings,
	seatsPerPage = SEATS_PER_PAGE,
): AccountDesks {
	const { sql } = storage;
	const directory = directoryPort(env);
	const alarm = new Alarm(storage);
	const account = new AccountTables(sql);
	const licenses = new LicenseTables(sql);
	const policies = new PolicyTables(sql);
	const count = new DeviceCount(sql);
	const devices = new DeviceTables(sql, {
		info: () => account.info(),
		license: (id) => licenses.license(id),
		rules: () => policies.policy().rules,
		changing: (device) => count.changing(device),
	});
	const groups = new HaTables(sql);
	const transfers = new TransferTables(sql);
	const tables = { account, licenses, transfers, policies, devices, groups };

	const present = (key: string): RecordStep | null => stepOf(key, devices, haReports);
	const objectName = () => accountObjectName(account.info()?.id ?? "");
	const outbox = new Outbox({ storage, alarm, lanes: recordLanes(env, objectName), directory, present });
	const owner = () => ({ trail: accountTrail(objectName()), named: { account: account.info()?.id ?? "" } });
	const summaryDesk = new SummaryDesk({
		...{ storage, alarm, count, census: censusPort(env) },
		account: () => account.info()?.id ?? null,
	});
	const webhooks = new Webhooks({ storage, alarm, sender: webhookSender(env), owner });
	const audit: WriteAudit = ({ actor, now: at, via }, action, subject, detail) => {
		if (changesNumbers(action)) summaryDesk.mark(at, "news");
		webhooks.delivery.append({ at, actor, action, subject, detail, via });
	};
	const shared = { ...tables, storage, alarm, audit, outbox };
	const haLockTables = new HaLockTables(sql);
	const haArrivals = new HaArrivalTables(sql);
	const haReports = new HaReports({ ...shared, haLockTables, haArrivals });
	const states = new StateTables(sql);
	const anchors = new AnchorTables(sql);
	const watchDesk = new WatchDesk({
		...{ storage, alarm, audit, states, anchors },
		device: (id) => devices.device(id),
		account: () => account.info()?.id ?? null,
	});
	const haStops = new HaStops({ audit, haLockTables });
	const haLocks = new HaLocks({
		...shared,
		haLockTables,
		haArrivals,
		haStops,
		states,
		haReportTables: haReports.tables,
	});
	const haHolders = new HaHolders({
		...{ devices, haLockTables, haLocks, haArrivals, states },
		urlSeconds: ttlSeconds(env, "URL_TTL_SECONDS"),
	});

	// After a change, no token from before it is left.
	const tokensEndAfter = ttlSeconds(env, "TOKEN_TTL_SECONDS") + DENIAL_MARGIN_SECONDS;
	const seats = new SeatTables(sql);
	const seatHistory = new SeatHistoryTables(sql);
	const seatLedger = new SeatLedger({ seats, seatHistory, audit, licenses });
	const seatDesk = new SeatDesk({ ...shared, seats, seatLedger, tokensEndAfter });
	const expiryDesk = new ExpiryDesk(shared);
	const serialDesk = new SerialDesk({ sql, alarm, devices, index: serialPort(env) });
	const desk: DeskParts = {
		...{
			...tables,
			audit,
			outbox,
			seats,
			seatHistory,
			seatLedger,
			seatDesk,
			expiryDesk,
			haReports,
			haLocks,
			haHolders,
		},
		suspensions: new SuspensionTrail(sql),
		claims: new ClaimTables(sql),
		serialDesk,
		tokensEndAfter,
	};

	const admission = new Admission(desk);
	const receiptDesk = new ReceiptDesk({ devices, states, receipts: new ReceiptTables(sql) });
	const lineageDesk = new LineageDesk({ tables: new LineageTables(sql), devices, audit });
	const anchorDesk = new AnchorDesk({
		...{ devices, tables: anchors },
		changing: (device) => count.changing(device),
		changed: (now) => summaryDesk.mark(now, "told"),
	});
	const licenseTransfer = new LicenseTransfer({ ...desk, storage, alarm, seatsPerPage });
	const licenseDesk = new LicenseDesk({ ...desk, licenseTransfer });
	const deviceDesk = new DeviceDesk(desk, admission);
	const tripwireDesk = new TripwireDesk({
		...{ tables: new TripwireTables(sql), devices, audit },
		heardAt: (device) => lastHeard(states.state(device)) ?? 0,
		suspend: (by, deviceId, reason) => void deviceDesk.changeStatus({ ...by, deviceId, status: "suspended", reason }),
		account: () => account.info()?.id ?? "",
	});
	new RecordRenewal(shared);
	return {
		...{ states, anchors },
		...desk,
		alarm,
		webhooks,
		accountDesk: new AccountDesk(desk),
		licenseDesk,
		licenseTransfer,
		deviceDesk,
		haDesk: new HaDesk(desk, admission),
		instanceDesk: new InstanceDesk({ ...desk, licenseDesk, deviceDesk, instances: new InstanceTables(sql) }),
		replacementDesk: new ReplacementDesk(desk, admission),
		importDesk: new ImportDesk(desk, admission),
		certificateDesk: new CertificateDesk(desk),
		claimDesk: new ClaimDesk(desk, admission),
		stateDesk: new StateDesk({
			...{ devices, states },
			changing: (device) => count.changing(device),
			heardInGroup: (device, word) => haHolders.hear(device, word),
			installedEarlier: (installation) => summaryDesk.late.add(installation),
			heard: (words) => {
				receiptDesk.hear(words);
				lineageDesk.hear(words);
				tripwireDesk.hear(words);
				anchorDesk.hear(words);
			},
			changed: (now, what) => {
				summaryDesk.mark(now, what);
				watchDesk.begin(now);
			},
		}),
		summaryDesk,
		receiptDesk,
		lineageDesk,
		tripwireDesk,
		deviceSearch: new DeviceSearch(sql, { devices, states, anchors, seats }),
		policyDesk: new PolicyDesk(desk),
	};
}

/** @returns whether the account's devices, licenses or seats may be others in number after an action of this type */
function changesNumbers(action: AccountEvent): boolean {
	return ["device", "license", "seat"].includes(action.split(".")[0] ?? "");
}
