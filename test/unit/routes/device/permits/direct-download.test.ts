// When an offer carries its download, and what each exception is for.
import { expect, it } from "vitest";
import { isDirect } from "../../../../../src/routes/device/permits/direct-download.ts";
import { GRANT } from "../../../content/content-fixtures.ts";

type Caller = Parameters<typeof isDirect>[1];
type Rollout = Parameters<typeof isDirect>[0]["release"]["rollout"];

const ANY_ROLLOUT = {} as NonNullable<Rollout>;

function isDirectFor({
	rollout = null,
	haGroup = null,
	policyInRecord = false,
	provisional = false,
	degradedAsOf = null,
	grant = GRANT,
}: {
	rollout?: Rollout;
	haGroup?: string | null;
	policyInRecord?: boolean;
	provisional?: boolean;
	degradedAsOf?: number | null;
	grant?: typeof GRANT | null;
} = {}): boolean {
	const caller = { profile: { haGroup }, policyInRecord, provisional } as Caller;
	return isDirect({ release: { rollout } }, caller, degradedAsOf, { grant });
}

it("gives the download with the offer where a permit would say nothing else", () => {
	expect(isDirectFor()).toBe(true);
});

it.each([
	["a release that few may have, whose permits are counted", { rollout: ANY_ROLLOUT }],
	["a device of an HA group, which waits for its turn", { haGroup: "edge" }],
	["a device whose record alone says what its account's policy is", { policyInRecord: true }],
	["a device that was let in while no record could be read", { provisional: true }],
	["a product that its license does not name, of which its account knows no offer", { grant: null }],
	["a time when records could not be read, be it long ago", { degradedAsOf: 0 }],
])("asks for a permit first: %s", (_, exception) => {
	expect(isDirectFor(exception)).toBe(false);
});
