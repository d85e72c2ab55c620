// Why does this firewall get what it gets? The whole trace behind the answer of a check: the device and its license fresh
// from the Account, the releases as this location knows them, and where this location is behind. For the device itself and
// for operators; of a time that was or will be, by what is known today.
import { createRoute, z } from "@hono/zod-openapi";
import { explainProduct } from "../../../content/check/explain.ts";
import { deniedUntil, licenseEpochOf } from "../../../content/denied-list.ts";
import { entitledTo, type SharedView } from "../../../content/heads-record.ts";
import { channelOf } from "../../../content/releases/channel.ts";
import { admittedAt, admittedUntil, bucketsOf, couldBeIn, unitOf } from "../../../content/releases/rollout-place.ts";
import type { Candidate } from "../../../content/releases/select-release.ts";
import { decideEntitlement } from "../../../entitlement/decide.ts";
import type { DecisionCode } from "../../../entitlement/decision-codes.ts";
import type { DeviceRecord } from "../../../entitlement/devices/device-record.ts";
import { holdsSeat } from "../../../entitlement/licenses/license.ts";
import { decideRenewal, isLive } from "../../../entitlement/seats/seat-lease.ts";
import type { DeviceState } from "../../../fleet/device-state.ts";
import { productName, versionName } from "../../../names.ts";
import type { ExplainedDevice } from "../../../objects/account/devices/explained-device.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import type { Reach } from "../../../rollout/reach.ts";
import { systemClock } from "../../../storage/clock.ts";
import { type DeviceCopy, probeDevice } from "../../../storage/probes/probe-device.ts";
import type { DeviceCaller } from "../../http/app-env.ts";
import { devicePath, type OpenDevice, openDevice } from "../../http/device-in-path.ts";
import { deviceOrOperatorAccess } from "../../http/key-access.ts";
import {
	createRouter,
	jsonAnswer,
	markDegraded,
	problems,
	timestamp,
	toSeconds,
	toTimestamp,
	toTimestampOrNull,
} from "../../http/openapi.ts";
import { describeTrust } from "../../operator/fleet/trust-body.ts";
import { explainHa } from "../../operator/ha/ha-body.ts";
import { describeLicense } from "../../operator/licenses/license-body.ts";
import { readRoom, roomParameters } from "../words/room-word.ts";
import { describeExplanation, explanationBody } from "./explain-body.ts";
import { readRequired } from "./required-products.ts";

const route = createRoute({
	...deviceOrOperatorAccess,
	method: "get",
	path: "/v1/devices/{device}/explain",
	operationId: "explainDevice",
	tags: ["Device"],
	summary: "Why a firewall gets what it gets of one product, and what would change it when",
	description:
		"For the device itself (another's id is `not_found`) and for operators. Decided as a check decides, but by the Account instead of the token.",
	request: {
		params: devicePath,
		query: z.object({
			product: productName,
			installed: versionName.optional().openapi({
				description: "Left out: what the device said last where an operator asks, else nothing is installed",
				example: "4.27.0",
			}),
			damaged: z.enum(["true", "false"]).optional().openapi({
				description: "Whether the content of what is installed is missing or damaged",
				example: "false",
			}),
			failed: versionName.optional().openapi({
				description: "The version that does not work on the device, by its own word",
				example: "4.27.0",
			}),
			engine: versionName.optional().openapi({
				description:
					"Software version of the device; left out: what it said last where an operator asks, else releases for certain versions do not fit",
			}),
			...roomParameters,
			at: timestamp.optional().openapi({
				description: "Another time than now: with the licenses and releases that there are now",
			}),
		}),
	},
	responses: {
		200: jsonAnswer(explanationBody, "The trace"),
		...problems(
			"unauthenticated",
			"device_refused",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_request",
			"not_found",
			"rate_limited",
		),
	},
});

export const explain = createRouter().openapi(route, async (c) => {
	const scope = c.env;
	const { services, event } = scope;
	const asking = c.var.askingDevice;
	const { product, at, ...said } = c.req.valid("query");
	const { id, object } = await openAskedDevice(scope, asking, c.req.valid("param").device);
	event.product = product;

	const known = await object.explainDevice(id, scope.now);
	if (known === null) throw new ProblemError("not_found");
	const { device, license, seat, ha, haLocks, suspensions, anchors } = known;
	// A device says itself what it has; of one that an operator asks about, what it said last is known.
	const heard = asking === null ? heardOf(known.state, product) : {};
	const { installed: named = heard.installed ?? null, engine = heard.engine ?? null } = said;
	const held = said.damaged === "true" && named !== null ? named : undefined;
	const installed = held === undefined ? named : null;
	event.fromVersion = installed;
	const now = at === undefined ? scope.now : toSeconds(at);
	const room = readRoom(said);
	const view = asking?.view ?? (await services.records.current(scope));
	const unit = unitOf(device);
	const { site = null, region = null } = device.labels;
	const peers = (ha?.members ?? []).flatMap((one) => (one.device !== id && holdsSeat(one.status) ? one.device : []));
	const unlocked = haLocks.find((lock) => lock.product === product && lock.state === "unlocked")?.version ?? null;
	const would = {
		unit,
		device: id,
		peers,
		unlocked,
		model: device.model,
		site,
		region,
		channel: channelOf(device, product),
	};
	const [record, explained, copies] = await Promise.all([
		services.records.product(product, view, scope),
		// Without the product's object the rest still stands.
		services.objects
			.product(product)
			.explain({ ...would, now: scope.now })
			.catch(() => null),
		probeDevice(services.stores, id, device.version, systemClock),
	]);
	const others = await readRequired(scope, view, product, record, known.state);
	const buckets = await bucketsOf([record, ...Array.from(others.values(), (other) => other.record)], device);
	const placed = {
		model: device.model,
		engine,
		room,
		// By the country of whoever asks: a step for some countries is explained to the device alone.
		admittedAt: (reach: Reach, at: number) =>
			admittedAt(reach, device, { engine, country: scope.country }, buckets, at),
		admittedUntil: (reach: Reach, at: number) => admittedUntil(reach, device, at),
		couldBeIn: (reach: Reach) => couldBeIn(reach, device),
	} satisfies Partial<Candidate>;
	const failed = said.failed === undefined ? undefined : new Set([said.failed]);
	const candidate: Candidate = { ...placed, channel: channelOf(device, product), installed, held, failed };
	const required = new Map(
		Array.from(others, ([name, other]) => [
			name,
			{
				...other,
				entitled: entitledTo(view.heads, name),
				candidate: { ...placed, channel: channelOf(device, name), installed: other.installed },
			},
		]),
	);
	const entitled = entitledTo(view.heads, product);
	const asked = { ...device, seatLost: isSeatLost(known, now) };
	const described = describeExplanation(
		explainProduct({ device: asked, product, entitled, record, candidate, required, now }),
		device,
		buckets,
		record?.versionOrder ?? "none",
		explained && { ...explained, permits: at === undefined ? explained.permits : {} },
	);
	event.outcome = described.answer.status;
	const epochKnown = licenseEpochOf(view, id);
	return c.json(
		{
			device: id,
			account: device.account,
			product,
			at: toTimestamp(now),
			model: device.model,
			channel: candidate.channel,
			engine,
			disk_free: room?.disk ?? null,
			memory: room?.memory ?? null,
			installed,
			from_state: (["installed", "engine"] as const).filter(
				(name) => said[name] === undefined && heard[name] !== undefined,
			),
			status: device.status,
			replaces: device.replaces,
			replaced_by: device.replacedBy,
			ha_group: device.haGroup,
			holds_seat: seat !== null && isLive(seat.until, now),
			seat_holder: seat?.holder ?? null,
			lease_until: toTimestampOrNull(seat?.until),
			hold: device.hold,
			// Names of people, and words that were not written for whoever has the firewall.
			suspensions: asking === null ? suspensions.map(describeSuspension) : [],
			license: license === null ? null : describeLicense(license),
			ha: ha === null ? null : explainHa(ha, haLocks, id),
			trust: describeTrust(anchors),
			...described,
			disabled_rules: [...(record?.disabledRules ?? [])],
			edge: {
				license_epoch: device.licenseEpoch,
				license_epoch_known: epochKnown,
				version: device.version,
				denied: denialOf(view, id),
				product_revision: record?.revision ?? null,
				stores: copies.map((copy) =>
					describeCopy(copy, epochKnown, (record) => decideEntitlement(record, product, now, entitled).code),
				),
			},
			...markDegraded(scope.degradedAsOf()),
		},
		200,
	);
});

/** @returns what the device has said of itself, as far as it has */
function heardOf({ sighting, products }: DeviceState, product: string): { installed?: string; engine?: string } {
	const installed = products[product]?.installed;
	const engine = sighting?.engine;
	return { ...(installed != null && { installed }), ...(engine != null && { engine }) };
}

/** What a token request of the device would come to. By the seats that are taken at present, even if it is about another time. */
function isSeatLost({ device, license, seat }: ExplainedDevice, now: number): boolean {
	// A seat for good came from a fixed license a moment ago, and gets its lease soon.
	if (device.status !== "active" || license?.kind !== "elastic" || seat?.until === null) return false;
	const seatsTaken = license.seatsTaken + license.seatsPromised;
	return !decideRenewal({ leaseUntil: seat?.until ?? null, license, seatsTaken, now }).ok;
}

/** @param asking the device that asks, null = an operator @throws ProblemError `not_found` when it asks about another */
async function openAskedDevice(scope: RequestScope, asking: DeviceCaller | null, text: string): Promise<OpenDevice> {
	// Whether there is such an id at all is none of its business.
	if (asking !== null && asking.profile.id !== text) throw new ProblemError("not_found");
	return openDevice(scope, text);
}

function describeSuspension({ at, ...suspension }: ExplainedDevice["suspensions"][number]) {
	return { ...suspension, at: toTimestamp(at) };
}

function denialOf(view: SharedView, deviceId: string) {
	const until = deniedUntil(view, deviceId);
	return until === undefined ? null : { until: toTimestamp(until) };
}

function describeCopy(
	{ name, state, version, record }: DeviceCopy,
	epochKnown: number,
	codeBy: (record: DeviceRecord) => DecisionCode,
) {
	return {
		store: name,
		state,
		version,
		license_epoch: record?.licenseEpoch ?? null,
		outdated: record !== null && record.licenseEpoch < epochKnown,
		code: record === null ? null : codeBy(record),
	};
}
