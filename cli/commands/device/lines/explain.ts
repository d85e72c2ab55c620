// An explanation as lines for people: who and what, the decision, the releases with their verdicts, what would change it.
import { z } from "zod";
import { bytesName } from "../../../../src/names.ts";
import { blockedAnswer, heldAnswer } from "../../../firewall/answers.ts";
import { lacksLines } from "../../../rollout/requires-option.ts";
import { formatTable } from "../../../terminal/output.ts";
import { describeHaState, haStateAnswer } from "../../ha/ha-lines.ts";
import { degradedLines } from "./check.ts";
import { footprint, room, roomWords } from "./room.ts";
import { describeTrust, deviceTrust } from "./trust.ts";

const answer = z.object({
	code: z.string(),
	status: z.string(),
	reason: z.string(),
	version: z.string().nullable(),
	downgrade: z.boolean().nullable(),
	download: z.string().nullish(),
	after: z.array(z.string()).nullish(),
	blocked_by: blockedAnswer,
	held_by: heldAnswer,
});
type Answer = z.infer<typeof answer>;

/** The server's answer, as far as it is shown. */
export const explanationAnswer = z.object({
	device: z.string(),
	account: z.string(),
	product: z.string(),
	at: z.string(),
	model: z.string(),
	channel: z.string(),
	engine: z.string().nullable(),
	installed: z.string().nullable(),
	from_state: z.array(z.string()).nullish(),
	status: z.string(),
	...room,
	replaces: z.string().nullable(),
	replaced_by: z.string().nullable(),
	holds_seat: z.boolean(),
	ha_group: z.string().nullable(),
	seat_holder: z.string().nullable(),
	suspensions: z.array(
		z.object({ type: z.string(), subject: z.string(), at: z.string(), actor: z.string(), reason: z.string() }),
	),
	license: z
		.object({
			license: z.string(),
			status: z.string(),
			seats: z.number(),
			seats_taken: z.number(),
			delay_hours: z.number(),
			emergency_delay_hours: z.number(),
		})
		.nullable(),
	trust: deviceTrust,
	ha: haStateAnswer.extend({ group: z.string(), mode: z.string(), role: z.string().nullable() }).nullish(),
	entitlement: z.object({
		code: z.string(),
		title: z.string(),
		fix: z.string(),
		from: z.string().nullable(),
		until: z.string().nullable(),
		grace_until: z.string().nullable(),
		critical_until: z.string().nullable(),
	}),
	releases: z.array(
		z.object({
			version: z.string(),
			variant: z.string().optional(),
			released_at: z.string(),
			urgency: z.string(),
			channel: z.string(),
			installed: z.boolean(),
			verdict: z.string(),
			regressed: z.boolean().optional(),
			held_by_validator: z.string().nullish(),
			footprint: footprint.nullish(),
			ready_at: z.string().nullable(),
			rollout: z
				.looseObject({
					...{ step: z.string().optional(), closed: z.string().nullish(), permit: z.string().nullish() },
					...{ ring: z.string().nullish(), bucket: z.number().nullish() },
				})
				.nullish(),
		}),
	),
	disabled_rules: z.array(z.string()).nullish(),
	answer,
	policy: z
		.object({
			time_zone: z.string().nullable(),
			windows: z.array(z.object({ opens: z.string(), minutes: z.number() })).nullable(),
			freezes: z.array(z.object({ from: z.string(), until: z.string() })),
			passes: z.array(z.string()),
			min_age_hours: z.number(),
			min_age_hours_by_class: z.record(z.string(), z.number()).nullish(),
			pin: z.object({ version: z.string(), downgrade: z.boolean() }).nullable(),
			held: z.boolean(),
			window_from: z.string().nullish(),
		})
		.nullish(),
	install: z.object({ at: z.string(), version: z.string() }).nullish(),
	changes: z.array(z.object({ at: z.string(), what: z.string(), answer })),
	edge: z.object({
		version: z.number(),
		denied: z.object({ until: z.string() }).nullable(),
		stores: z.array(
			z.object({
				store: z.string(),
				state: z.string(),
				version: z.number().nullable(),
				outdated: z.boolean(),
				code: z.string().nullable(),
			}),
		),
	}),
	degraded: z.boolean().optional(),
	as_of: z.string().nullish(),
});
export type Explanation = z.infer<typeof explanationAnswer>;

/** @returns when the firewall installs what is for it; nothing where the permit of that release is refused now */
export function installLines({ install, releases }: Explanation): string[] {
	if (install == null) return [];
	const chosen = releases.find(({ version, verdict }) => version === install.version && verdict === "chosen");
	const permit = chosen?.rollout?.permit ?? "given";
	return permit === "given" ? [`installs     ${install.version} from ${install.at} on`] : [];
}

/** Older releases than these are counted, not listed; --json has them all. */
const OLDER_SHOWN = 3;

/**
 * @param asker whom the advice is for: the server's own is for who has the firewall
 * @param unknown says that there is no such product, and which was probably meant; undefined = there is one, or it is not known
 */
export function describeExplanation(told: Explanation, asker: "operator" | "firewall", unknown?: string): string[] {
	const { entitlement, edge } = told;
	const advice = unknown ?? (asker === "operator" ? operatorsAdvice(told) : undefined) ?? entitlement.fix;
	return [
		`${told.device}, model ${told.model}, at ${told.at}`,
		`${told.product}: ${told.installed ?? "nothing"} installed${heard(told, "installed")}, engine ${told.engine ?? "not given"}${heard(told, "engine")}${told.channel === "stable" ? "" : `, on ${told.channel}`}`,
		"",
		`device       ${told.status}, ${describeSeat(told)}`,
		...(told.replaces === null ? [] : [`             in the place of ${told.replaces}`]),
		...(told.replaced_by === null ? [] : [`             replaced by ${told.replaced_by}`]),
		...suspensionLines(told, told.device),
		...licenseLines(told),
		...suspensionLines(told, told.license?.license),
		`entitlement  ${entitlement.code}: ${entitlement.title}`,
		`             ${advice}`,
		...policyLines(told),
		`answer       ${describeAnswer(told.answer)}`,
		...lacksLines(told.answer),
		...installLines(told),
		...(told.disabled_rules?.length
			? [`without      the rules ${told.disabled_rules.join(", ")}, which are disabled`]
			: []),
		...(told.trust == null ? [] : [`rests on     ${describeTrust(told.trust)}`]),
		"",
		...releaseLines(told),
		"",
		...changeLines(told),
		...haLines(told),
		"",
		...edge.stores.map((copy) => `${copy.store.padEnd(12)} ${describeCopy(copy, edge.version)}`),
		...(edge.denied === null ? [] : [`denied       until ${edge.denied.until} or until the device is let in`]),
		...degradedLines(told),
	];
}

/** @returns a note on what the question did not say */
function heard({ from_state: known }: Explanation, what: string): string {
	return known?.includes(what) ? " (as last heard)" : "";
}

/** @returns the command that ends a refusal; undefined where there is nothing to do */
function operatorsAdvice({ device, account, license, entitlement: { code } }: Explanation): string | undefined {
	const its = `${account} ${license?.license ?? "LICENSE"}`;
	const advice: Readonly<Record<string, string>> = {
		suspended: `\`parapet device reinstate ${device}\` takes it back`,
		revoked: `For good: \`parapet code create ${account}\` makes a code for a new device of the appliance`,
		deactivated: `\`parapet code create ${account}\` makes a code to activate it again`,
		license_suspended: `\`parapet license reinstate ${its}\` lets its license count again`,
		license_revoked: `For good: \`parapet license transfer ${its} TO\` moves its devices to another license`,
		not_included: `\`parapet license change ${its} --products …\` adds the product`,
		not_yet_valid: `\`parapet license change ${its} --starts …\` moves the start`,
		seat_lost: `\`parapet license change ${its} --seats …\` adds seats`,
	};
	const renewal = `\`parapet license change ${its} --ends …\` renews the license`;
	return ["grace", "critical_only", "expired"].includes(code) ? renewal : advice[code];
}

function describeSeat({ holds_seat: holdsSeat, ha_group: group }: Explanation): string {
	if (group === null) return holdsSeat ? "with a seat" : "without a seat";
	return holdsSeat ? `with its part in the seat of ${group}` : `without a seat, in ${group}`;
}

function suspensionLines({ suspensions }: Explanation, subject: string | undefined): string[] {
	return suspensions
		.filter((one) => one.subject === subject)
		.map(
			({ type, at, actor, reason }) =>
				`             ${type.replace(/^.*\./, "")} ${at} by ${actor}${reason === "" ? "" : `: ${reason}`}`,
		);
}

/** @returns its HA group and who of it goes first, with an empty line before; nothing for a device in none */
export function haLines({ ha }: Explanation): string[] {
	if (ha == null) return [];
	return [
		"",
		`HA group ${ha.group}, ${ha.mode}; ${ha.role === null ? "no role of this device is known" : `this device is ${ha.role}`}`,
		...describeHaState(ha),
	];
}

function licenseLines({ license, entitlement }: Explanation): string[] {
	if (license === null) return ["license      none"];
	const { from, until, grace_until: grace, critical_until: critical } = entitlement;
	const delay = license.delay_hours === 0 ? "" : `, releases ${license.delay_hours} h later`;
	const emergency = license.emergency_delay_hours === 0 ? "" : `, emergencies ${license.emergency_delay_hours} h`;
	const lines = [
		`license      ${license.license} is ${license.status}, ${license.seats_taken} of ${license.seats} seats taken${delay}${emergency}`,
	];
	if (from !== null && until !== null) lines.push(`             from ${from} until ${until}`);
	if (grace !== null && grace !== until) lines.push(`             grace until ${grace}`);
	if (critical !== null && critical !== grace) lines.push(`             emergency releases until ${critical}`);
	return lines;
}

/** What the customer says of its updates, a line for each thing. */
export function policyLines({ policy }: Explanation): string[] {
	if (policy == null) return [];
	const { windows, freezes, passes, min_age_hours: age, pin, held, time_zone: zone, window_from: from } = policy;
	const ages = Object.entries(policy.min_age_hours_by_class ?? {});
	const lines = [
		...(held ? ["stays with what it has"] : []),
		...(pin === null
			? []
			: [`pinned to ${pin.version}${pin.downgrade ? ", in the place of a newer release too" : ""}`]),
		...(age === 0 ? [] : [`releases are ${age} h old at least`]),
		...ages.map(([name, hours]) => `releases that are ${name} are ${hours} h old at least`),
		...(windows ?? []).map(({ opens, minutes }) => `window ${opens} for ${Math.round(minutes)} min`),
		...freezes.map(({ from, until }) => `frozen from ${from} until ${until}`),
		...(passes.length === 0 ? [] : [`windows and freezes are passed by ${passes.join(", ")}`]),
		...(from == null ? [] : [`what interrupts less than a ${from} waits for no window`]),
		...(zone === null ? [] : [`time zone ${zone}`]),
	];
	return lines.map((line, index) => `${index === 0 ? "customer" : ""}`.padEnd(13) + line);
}

function describeAnswer({ status, reason, version, downgrade, download, after }: Answer): string {
	const way = { in_offer: ", with its download", by_permit: ", to be had by a permit" }[download ?? ""] ?? "";
	const first = after == null || after.length === 0 ? "" : `, after ${after.join(" and ")}`;
	return `${version === null ? "" : `${version} is `}${status}${downgrade === true ? " as a downgrade" : ""} (${reason})${way}${first}`;
}

function releaseLines({ releases, answer: { status }, ...asked }: Explanation): string[] {
	if (status === "refused") return ["no release is looked at"];
	if (releases.length === 0) return ["there is no release"];
	const older = releases.filter(({ verdict, installed }) => verdict === "older_than_choice" && !installed);
	const hidden = new Set(older.slice(OLDER_SHOWN));
	const rows = releases
		.filter((one) => !hidden.has(one))
		.map((one) => [
			`${bytesName(one.version, one.variant)}${one.channel === "stable" ? "" : ` (${one.channel})`}`,
			one.released_at,
			one.urgency,
			`${one.verdict}${one.ready_at === null ? "" : ` until ${one.ready_at}`}${rolloutWords(one)}${roomWords(one, asked)}${one.installed ? ", installed" : ""}`,
		]);
	const rest = hidden.size === 0 ? [] : [`and ${hidden.size} older ones`];
	return [...formatTable(["RELEASE", "RELEASED", "URGENCY", "VERDICT"], rows), ...rest];
}

/** @returns why its rollout lets nobody in, or what a permit would be refused with */
function rolloutWords({ verdict, rollout }: Explanation["releases"][number]): string {
	if (verdict === "rollout_closed" && rollout?.closed) return `: ${rollout.closed}`;
	const permit = rollout?.permit ?? "given";
	return verdict === "chosen" && permit !== "given" ? `, no permit now: ${permit}` : "";
}

function changeLines({ changes }: Explanation): string[] {
	if (changes.length === 0) return ["time alone changes nothing"];
	const rows = changes.map((one) => [one.at, one.what, one.answer.code, describeAnswer(one.answer)]);
	return formatTable(["WHEN", "WHAT CHANGES IT", "ENTITLEMENT", "ANSWER"], rows);
}

function describeCopy(
	{ state, version, outdated, code }: Explanation["edge"]["stores"][number],
	truth: number,
): string {
	if (state === "current") return `has the same record (version ${truth})`;
	if (code === null) return `is ${state}`;
	const effect = outdated ? "known to be outdated, the Account is asked instead" : `by which it is ${code}`;
	return `is ${state} (version ${version}, in truth ${truth}): ${effect}`;
}
