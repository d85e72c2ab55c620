// What a device of an HA group says of itself in a check, passed on to its Account behind the answer. Costs nothing where a
// device is in no group. The group's record, held by this isolate as devices' records are, tells whether its role is known
// already; other words are passed on at most once a quarter of an hour and isolate (http/ha-memory.ts). Never delays or fails an answer: a word
// that is lost here is said again with the next full check, which a group's devices make twice an hour at least.
import type { HaGroupRecord } from "../../../entitlement/ha/ha-group-record.ts";
import type { Versions } from "../../../entitlement/ha/ha-skew.ts";
import { accountObjectName } from "../../../entitlement/ids.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { rateLimitWait } from "../../http/rate-limit.ts";
import type { CheckQuestion } from "../check/check-question.ts";

/** An answer to a device of an HA group is good for this long at most: so long may a report be lost. */
export const HA_REPEAT_SECONDS = 1_800;

/**
 * To be called for each full check of a device in an HA group.
 * @param device its id and group, from its verified token @param query as sent
 */
export function passOnHaReport(
	scope: RequestScope,
	device: { readonly id: string; readonly haGroup: string },
	{ ha, installed }: CheckQuestion,
	query: string,
): void {
	if (ha === null && installed === null) return;
	const { services, now } = scope;
	const { role, priority, peer } = ha ?? { role: null, priority: null, peer: null };
	const passOn = async () => {
		// Where it cannot be read, the Account is told.
		const record = await services.records.haGroup(device.haGroup, scope).catch(() => null);
		const isKnown = services.haMemory.has(device.id, query, now) && agrees(record, device.id, { role, priority });
		// Unlike all else that a check sets off, this reaches an object, and a device can always say something new.
		if (isKnown || (await rateLimitWait(services.limits.token, `says ${device.id}`)) !== null) return;
		const report = { deviceId: device.id, role, priority, installed: plain(installed), peer: plain(peer), now };
		const outcome = await services.objects.reportHa(accountObjectName(device.id), report);
		if (outcome !== "too_soon") services.haMemory.note(device.id, query, now);
	};
	scope.waitUntil(passOn().catch(() => {}));
}

function agrees(
	record: HaGroupRecord | null,
	device: string,
	{ role, priority }: Pick<HaGroupRecord["members"][number], "role" | "priority">,
): boolean {
	const known = record?.members.find((member) => member.device === device);
	return known !== undefined && (role ?? known.role) === known.role && (priority ?? known.priority) === known.priority;
}

function plain(versions: CheckQuestion["installed"]): Versions | null {
	return versions === null ? null : Object.fromEntries(versions);
}
