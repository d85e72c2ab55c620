// The permits whose outcome this firewall has not written down yet. Its word for a product is on the disk before a permit is asked for, so
// that whatever is lost on the way (the answer, this process, the power), the next check says that it has one, and is offered the
// release again, for the same permit.
import { ServerRefusal } from "../../errors.ts";
import type { Permit } from "../wire-types.ts";
import type { FirewallState } from "./firewall-state.ts";

/** Words of the service by which the firewall has no permit; with all others it may still have one. */
const LOST: readonly unknown[] = ["step_full", "failed_before"];

/** @param ask asks for the permit @returns its answer, which is on the disk then */
export async function keepPermit(
	home: FirewallState,
	product: string,
	version: string,
	ask: () => Promise<Permit>,
): Promise<Permit> {
	const others = (await home.load("permits")) ?? {};
	const before = others[product];
	await home.save("permits", { ...others, [product]: before?.version === version ? before : { version } });
	try {
		const permit = await ask();
		const { permit: text, report_by = null } = permit;
		await home.save("permits", { ...others, [product]: { version, permit: text, report_by } });
		return permit;
	} catch (error) {
		if (error instanceof ServerRefusal && isLost(error)) await forgetPermit(home, product);
		throw error;
	}
}

function isLost({ refusal: { code, members } }: ServerRefusal): boolean {
	return code === "exposure_limited"
		? LOST.includes(members?.["rollout_code"])
		: ["release_withdrawn", "prerequisite_missing", "too_large_for_device"].includes(code);
}

/** What became of it is written down. */
export async function forgetPermit(home: FirewallState, product: string): Promise<void> {
	const { [product]: over, ...others } = (await home.load("permits")) ?? {};
	if (Object.keys(others).length > 0) await home.save("permits", others);
	else if (over !== undefined) await home.forget("permits");
}

/** @param only of these products alone @returns `product@version` of each whose permit is open, and whose version is not what runs */
export async function openPermits(home: FirewallState, only: readonly string[] | undefined): Promise<string[]> {
	const installed = (await home.load("installed")) ?? {};
	return Object.entries((await home.load("permits")) ?? {}).flatMap(([product, { version }]) =>
		only?.includes(product) !== false && installed[product]?.version !== version ? [`${product}@${version}`] : [],
	);
}
