// What the desks of an Account work with: its tables, its seats, its outbox and its trail. Each desk's methods are synchronous and
// run in the caller's transaction.

import type { WriteAudit } from "../audit.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { AccountTables } from "./account-tables.ts";
import type { ClaimTables } from "./devices/claim-tables.ts";
import type { DeviceTables } from "./devices/device-tables.ts";
import type { SuspensionTrail } from "./devices/suspension-trail.ts";
import type { SerialDesk } from "./fleet/serial-desk.ts";
import type { HaHolders } from "./ha/ha-holders.ts";
import type { HaLocks } from "./ha/ha-locks.ts";
import type { HaReports } from "./ha/ha-reports.ts";
import type { HaTables } from "./ha/ha-tables.ts";
import type { ExpiryDesk } from "./licenses/expiry-desk.ts";
import type { LicenseTables } from "./licenses/license-tables.ts";
import type { TransferTables } from "./licenses/transfer-tables.ts";
import type { PolicyTables } from "./policy/policy-tables.ts";
import type { SeatDesk } from "./seats/seat-desk.ts";
import type { SeatHistoryTables } from "./seats/seat-history-tables.ts";
import type { SeatLedger } from "./seats/seat-ledger.ts";
import type { SeatTables } from "./seats/seat-tables.ts";

export interface DeskParts {
	readonly audit: WriteAudit;
	readonly suspensions: SuspensionTrail;
	readonly account: AccountTables;
	readonly licenses: LicenseTables;
	readonly transfers: TransferTables;
	readonly policies: PolicyTables;
	readonly devices: DeviceTables;
	readonly claims: ClaimTables;
	readonly groups: HaTables;
	/** Whatever changes a seat goes through the desk or the ledger. */
	readonly seats: Pick<SeatTables, "seat" | "taken" | "ofLicense">;
	readonly seatHistory: SeatHistoryTables;
	readonly seatLedger: SeatLedger;
	readonly seatDesk: SeatDesk;
	readonly expiryDesk: ExpiryDesk;
	readonly haReports: HaReports;
	readonly haLocks: HaLocks;
	readonly haHolders: HaHolders;
	readonly serialDesk: Pick<SerialDesk, "mark" | "tell" | "tellAgain">;
	readonly outbox: Outbox;
	/** seconds after which no token from before a change is left */
	readonly tokensEndAfter: number;
}
