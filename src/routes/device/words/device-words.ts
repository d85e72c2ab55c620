// Passes on what a device says of itself to its Account, behind the answer: what it has and is offered (full checks), a permit, a
// report, a problem that it met. An unchanged answer (304) passes on nothing. Never delays or fails a request.
import type { CheckAnswer, CheckFacts } from "../../../content/check/check.ts";
import type { ProductRecord } from "../../../content/releases/product-record.ts";
import type { DeviceProfile } from "../../../entitlement/devices/device-record.ts";
import { accountObjectName } from "../../../entitlement/ids.ts";
import type { Said } from "../../../fleet/device-state.ts";
import { networkName } from "../../../fleet/network.ts";
import { HEARD_SECONDS, type Installation, isHeard } from "../../../fleet/told-installations.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { rateLimitWait } from "../../http/rate-limit.ts";
import type { CheckQuestion } from "../check/check-question.ts";

/**
 * Once in six hours for each device and isolate, unless it says something new; the Account writes what is new to it. Where checks tell
 * success not while the device was heard: what it has installed meanwhile it says with the first check after that. A device of
 * an HA group is heard at once: the others of its group go by what it has.
 * @param recordOf of the products that are checked
 * @returns unix seconds until which it is heard; null = nothing is said of it, it is heard with each check
 */
export function passOnCheck(
	scope: RequestScope,
	profile: Pick<DeviceProfile, "id" | "haGroup">,
	question: CheckQuestion,
	answer: CheckAnswer,
	recordOf: CheckFacts["recordOf"],
): number | null {
	const { services, now } = scope;
	const isHeardAtOnce = services.config.successReports === "each" || profile.haGroup !== null;
	if (!isHeardAtOnce && isHeard(question, now)) return question.heardUntil;
	tellAccount(scope, profile.id, question, answer, recordOf);
	return isHeardAtOnce ? null : now + HEARD_SECONDS;
}

function tellAccount(
	scope: RequestScope,
	device: string,
	question: CheckQuestion,
	answer: CheckAnswer,
	recordOf: CheckFacts["recordOf"],
): void {
	const { services, now } = scope;
	const products = answer.products.map(({ product, installed, entitlement, selection }) => ({
		product,
		installed: question.installed === null ? undefined : installed,
		installations: question.installations.get(product)?.map((one) => noSooner(one, recordOf(product))),
		offered: selection?.status === "offered" ? selection.release.version : null,
		...(entitlement.code === "registered" && entitlement.grant === null && ({ registered: true } as const)),
	}));
	const network = scope.network();
	const from = network === null ? "" : networkName(network);
	const words = `${from} ${question.engine} ${products.map((one) => `${one.product}@${one.installed}>${one.offered}`).join(",")}`;
	if (services.words.isKnown(device, words, now)) return;
	const said: Said = { kind: "checked", engine: question.engine, products };
	// A device can always say something new.
	const passOn = async () => {
		if ((await rateLimitWait(services.limits.token, `state ${device}`)) === null) await send(scope, device, said);
	};
	scope.waitUntil(passOn());
}

/** Nobody installed a release before there was one, whatever the device's clock said. */
function noSooner(said: Installation, record: ProductRecord | null): Installation {
	const release = record?.releases.find(({ version }) => version === said.version);
	if (release === undefined) return said;
	return { ...said, at: Math.max(said.at, Math.min(release.releasedAt, release.betaReleasedAt ?? release.releasedAt)) };
}

export function passOn(scope: RequestScope, device: string, said: Said): void {
	const sending = send(scope, device, said);
	if (sending !== undefined) scope.waitUntil(sending);
}

function send(scope: RequestScope, device: string, said: Said): Promise<void> | undefined {
	const { country, colo } = scope.event;
	const place = { country: placeName(country), colo: placeName(colo) };
	const word = { device, at: scope.now, ...place, network: scope.network(), said };
	return scope.services.words.add(accountObjectName(device), word);
}

/** The platform's own word; only its form is checked. */
function placeName(name: string | null): string | null {
	return name !== null && /^[A-Z0-9]{2,4}$/.test(name) ? name : null;
}
