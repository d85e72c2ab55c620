// The deny list and its parts, folded ever again while denials come, are lifted and end: an edge refuses whom a plain list
// would have it refuse.
import { reset, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { type DeniedList, deniedUntil, licenseEpochOf } from "../../../../src/content/denied-list.ts";
import { DENIAL_TABLES, DenialTables } from "../../../../src/objects/directory/denial-tables.ts";
import { bindings } from "../../../support/object-bindings.ts";
import { runs } from "../../../support/runs.ts";

afterEach(reset);

const SIZES = { list: 2, part: 2 };
const ids = Array.from({ length: 12 }, (_, index) => `dev-account00${index % 3}-${String(index).padStart(16, "x")}`);
const accountOf = (id: string) => id.slice(4, 14);

const anyChange = fc.record({
	id: fc.constantFrom(...ids),
	kind: fc.constantFrom("deny", "lift", "lift and remember", "epoch"),
	/** seconds until the next change */
	pause: fc.constantFrom(0, 1, 40, 90_000),
	lasts: fc.constantFrom(30, 100, 200_000),
});

function seenBy(tables: DenialTables, revision: number): DeniedList {
	const denied = { revision, ...tables.denied() };
	const { count } = denied.parts ?? { count: 0 };
	return { denied, deniedParts: Array.from({ length: count }, (_, part) => tables.part(part) ?? never(part)) };
}

function never(part: number): never {
	throw new Error(`part ${part} is named and is not there`);
}

test("whoever is denied is refused, whoever was let in is not, in whatever order that comes", async () => {
	const stub = bindings.DIRECTORY.getByName("directory");
	await runInDurableObject(stub, (_, { storage: { sql } }) => {
		for (const table of DENIAL_TABLES) sql.exec(table);
		let folds = 0;
		fc.assert(
			fc.property(fc.array(anyChange, { minLength: 20, maxLength: 60 }), (changes) => {
				for (const table of ["denials", "denied_parts"]) sql.exec(`DELETE FROM ${table}`);
				const tables = new DenialTables(sql, SIZES);
				const until = new Map<string, number>();
				const epochs = new Map<string, number>();
				let now = 0;
				for (const [index, { id, kind, pause, lasts }] of changes.entries()) {
					now += pause;
					const version = index + 1;
					const end = now + lasts;
					if (kind === "epoch") {
						tables.change({ kind: "deny", scope: "licenseEpoch", id: accountOf(id), version, until: end });
						epochs.set(accountOf(id), version);
					} else if (kind === "deny") {
						tables.change({ kind: "deny", scope: "device", id, version, until: end });
						until.set(id, Math.max(end, until.get(id) ?? 0));
					} else {
						tables.change({ kind: "allow", scope: "device", id, version, until: kind === "lift" ? 0 : end });
						until.delete(id);
					}
					tables.dropEnded(now);
					if (tables.isFoldDue(now)) {
						tables.fold(version, now);
						folds += 1;
					}
					const seen = seenBy(tables, version);
					for (const device of ids) {
						const refused = deniedUntil(seen, device);
						// Of an ended denial it does not matter whether it is still told. Of one that was lifted it does.
						if ((until.get(device) ?? Number.POSITIVE_INFINITY) > now) {
							expect(refused === undefined).toBe(until.get(device) === undefined);
						}
						const epoch = licenseEpochOf(seen, device);
						expect(epoch === 0 || epoch <= (epochs.get(accountOf(device)) ?? 0)).toBe(true);
					}
					if (kind === "epoch") expect(licenseEpochOf(seen, id)).toBe(version);
				}
			}),
			{ numRuns: runs(60, 5_000) },
		);
		expect(folds).toBeGreaterThan(100);
	});
});
