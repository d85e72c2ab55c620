// Who would be in each step of a plan, from the fleet as it is: counts, and for a number of units which ones, as far as the order of
// buckets says. Those who ask first get the permits; among the units that a step is offered to nobody knows who that is. Pure.
import { type DeviceCircumstances, matchesAudience } from "../../src/content/audience.ts";
import { channelOf } from "../../src/content/releases/channel.ts";
import type { Release } from "../../src/content/releases/product-record.ts";
import { unitOf } from "../../src/content/releases/rollout-place.ts";
import { engineInRange } from "../../src/content/releases/vendor-version.ts";
import { topOf } from "../../src/rollout/control.ts";
import { powerOf } from "../../src/rollout/gate.ts";
import { atMost } from "../../src/rollout/lease.ts";
import { type Cohort, isFraction, type Plan, type PlanStep } from "../../src/rollout/plan.ts";

/** A device that has said something of the product. */
export interface FleetDevice extends DeviceCircumstances {
	readonly id: string;
	readonly account: string;
	readonly model: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly haGroup: string | null;
	/** of the product; null = nothing */
	readonly installed: string | null;
	/** of which it has said something */
	readonly products: readonly string[];
}

/** What of a release says whom it is for. */
export type PreviewRelease = Pick<Release, "version" | "size" | "models" | "engine" | "channel"> & {
	readonly product: string;
};

export interface Unit {
	readonly unit: string;
	readonly account: string;
	readonly devices: readonly FleetDevice[];
	/** null = the release's salt is drawn when it starts */
	readonly bucket: number | null;
}

export interface StepPreview {
	readonly name: string;
	/** that take part; without buckets of a fraction about so many */
	readonly units: number;
	/** that the step is for; null = a fraction of all */
	readonly wanted: number | null;
	/** that may take part: those that its ring and audience fit, and that no earlier step has */
	readonly candidates: number;
	readonly devices: number;
	/** of the units that take part; where those are not known, of the candidates */
	readonly accounts: number;
	readonly models: readonly string[];
	/** that are downloaded, if each device fetches the whole package */
	readonly bytes: number;
	/** of a step for a number of units, lowest bucket first; null = a fraction, or drawn when it starts */
	readonly likely: readonly Unit[] | null;
	/** what keeps the step from passing with this fleet */
	readonly faults: readonly string[];
}

/** @param devices of the fleet @returns units that the release is for and that have not got it, each with its bucket */
export async function unitsFor(
	release: PreviewRelease,
	devices: readonly FleetDevice[],
	bucketOf: ((unit: string) => Promise<number>) | null,
): Promise<Unit[]> {
	const isFor = ({ labels, model, engine }: FleetDevice) =>
		(release.channel === "stable" || channelOf({ labels }, release.product) === "beta") &&
		(release.models === null || release.models.includes(model)) &&
		engineInRange(engine, release.engine);
	const open = devices.filter((device) => isFor(device) && device.installed !== release.version);
	const units = [...Map.groupBy(open, unitOf)].map(async ([unit, members]) => {
		const bucket = bucketOf === null ? null : await bucketOf(unit);
		return { unit, account: members[0]?.account ?? "", devices: members, bucket };
	});
	const sorted = await Promise.all(units);
	return sorted.toSorted((one, other) => (one.bucket ?? 0) - (other.bucket ?? 0) || (one.unit < other.unit ? -1 : 1));
}

/** @param from index of the first step that is still to be gone through @param units in the order of their buckets */
export function previewSteps(
	{ steps }: Plan,
	from: number,
	units: readonly Unit[],
	{ size }: Pick<PreviewRelease, "size">,
): StepPreview[] {
	const isDrawn = units.every(({ bucket }) => bucket !== null);
	let left = [...units];
	let expected = units.length;
	return steps.slice(from).map((step): StepPreview => {
		const { name, cohort } = step;
		// Whom the last step holds back gets the release once it has passed.
		const top = step === steps.at(-1) ? 1 : topOf(step);
		const candidates = left.filter((unit) => (unit.bucket ?? 0) < top && fits(cohort, unit));
		const open = isFraction(cohort) ? expected : candidates.length;
		let taking: Unit[] | null = null;
		if (!isFraction(cohort)) taking = draw(cohort, candidates);
		else if (isDrawn) taking = candidates;
		// On average, before the salt is drawn.
		const count = taking?.length ?? Math.max(0, expected - Math.round((1 - top) * units.length));
		const taken = new Set(taking);
		left = left.filter((unit) => !taken.has(unit));
		expected -= count;
		// Whom a step takes is not known before the salt is drawn: only how many.
		const known = isDrawn && taking !== null ? taking : candidates;
		const perUnit = known.length === 0 ? 0 : sum(known, ({ devices }) => devices.length) / known.length;
		const devices = Math.round(perUnit * count);
		return {
			...{ name, units: count, wanted: isFraction(cohort) ? null : cohort.units, candidates: open },
			...{ devices, bytes: devices * size },
			accounts: new Set(known.map(({ account }) => account)).size,
			models: modelsOf(known),
			likely: isDrawn && !isFraction(cohort) ? taking : null,
			faults: faultsOf(step, count, modelsOf(taking ?? known).length, open),
		};
	});
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
	return items.reduce((total, item) => total + of(item), 0);
}

function modelsOf(units: readonly Unit[]): string[] {
	return [...new Set(units.flatMap(({ devices }) => devices.map(({ model }) => model)))].toSorted();
}

function fits(cohort: Cohort, { devices }: Unit): boolean {
	if (isFraction(cohort)) return true;
	const { ring, audience = {} } = cohort;
	return devices.some((device) => {
		const grants = Object.fromEntries(device.products.map((product) => [product, true]));
		const isOfRing = ring === undefined || device.labels["ring"] === ring;
		return isOfRing && matchesAudience(audience, { ...device, labels: { ...device.labels }, grants }, device);
	});
}

/** Gives places as `decidePermit` does, were units to ask in this order. */
function draw(cohort: Exclude<Cohort, { fraction: number }>, units: readonly Unit[]): Unit[] {
	const drawn: Unit[] = [];
	const counts = new Map<string, number>();
	const of = (key: string) => counts.get(key) ?? 0;
	let models = 0;
	for (const unit of units) {
		const left = cohort.units - drawn.length;
		if (left <= 0) break;
		const first = unit.devices[0];
		const [account, model, region] = [`account ${unit.account}`, `model ${first?.model}`, first?.labels["region"]];
		if (of(account) >= (cohort.perAccount ?? Number.POSITIVE_INFINITY)) continue;
		if (of(model) >= atMost(cohort.units, cohort.modelShare)) continue;
		if (region !== undefined && of(`region ${region}`) >= atMost(cohort.units, cohort.regionShare)) continue;
		// The last places are for models that have none.
		if (of(model) > 0 && (cohort.models ?? 0) - models >= left) continue;
		if (of(model) === 0) models += 1;
		for (const key of [account, model, `region ${region}`]) counts.set(key, of(key) + 1);
		drawn.push(unit);
	}
	return drawn;
}

function faultsOf({ name, cohort, gate }: PlanStep, units: number, models: number, candidates: number): string[] {
	const { healthyToPass } = powerOf(gate);
	if (isFraction(cohort)) {
		return units > 0 && units < healthyToPass
			? [
					`${name}: ${units} units cannot show the ${healthyToPass} healthy that its gate needs: it will ask for an override`,
				]
			: [];
	}
	const ring = cohort.ring === undefined ? "" : ` (ring ${cohort.ring})`;
	if (candidates === 0) {
		const fix = cohort.ring === undefined ? "name others in a plan of your own" : `label some: ring=${cohort.ring}`;
		return [`${name}: nobody can take part${ring}, and the rollout stays here: ${fix}`];
	}
	const faults: string[] = [];
	if (units < cohort.units) faults.push(`${name}: only ${units} of ${cohort.units} units can take part${ring}`);
	if (models < (cohort.models ?? 1))
		faults.push(`${name}: only ${models} of the ${cohort.models} models that it needs`);
	if (units < healthyToPass) {
		faults.push(`${name}: its gate needs ${healthyToPass} healthy units: it will ask for an override`);
	}
	return faults;
}
