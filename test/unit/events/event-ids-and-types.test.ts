// Ids of events name their place in one trail and nothing in any other; a subscription to a type means its whole family.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACCOUNT_EVENTS, DEPLOYMENT_EVENTS, PRODUCT_EVENTS } from "../../../src/events/catalogue.ts";
import {
	accountTrail,
	DIRECTORY_TRAIL,
	formatEventId,
	parseEventId,
	productTrail,
} from "../../../src/events/event-id.ts";
import {
	accountEventType,
	deploymentEventType,
	eventType,
	productEventType,
	wantsType,
} from "../../../src/events/event-type.ts";

const product = fc.stringMatching(/^[a-z][a-z0-9-]{0,23}$/);
const account = fc.stringMatching(/^[0-9a-hjkmnp-tv-z]{10}$/);
const trail = fc.oneof(product.map(productTrail), account.map(accountTrail), fc.constant(DIRECTORY_TRAIL));
const place = fc.nat();

describe("ids of events", () => {
	it("look like this", () => {
		expect(formatEventId(accountTrail("f5any44xnh"), 42)).toBe("evt-f5any44xnh-42");
		expect(formatEventId(productTrail("crs"), 7)).toBe("evt-product-crs-7");
	});

	it("name their place in their own trail", () => {
		fc.assert(
			fc.property(trail, place, (one, at) => {
				expect(parseEventId(one, formatEventId(one, at))).toBe(at);
			}),
		);
	});

	it("name nothing in any other trail", () => {
		fc.assert(
			fc.property(trail, trail, place, (one, other, at) => {
				fc.pre(one !== other);
				expect(parseEventId(other, formatEventId(one, at))).toBeNull();
			}),
		);
	});

	it("have no full stop, which would make a signed text ambiguous", () => {
		fc.assert(
			fc.property(trail, place, (one, at) => {
				expect(formatEventId(one, at)).not.toContain(".");
			}),
		);
	});

	it.each(["", "evt-f5any44xnh-", "evt-f5any44xnh--1", "evt-f5any44xnh-01", "evt-f5any44xnh-1e3", "evt-f5any44xnh-1 "])(
		"%j is none",
		(text) => {
			expect(parseEventId("f5any44xnh", text)).toBeNull();
		},
	);
});

describe("a subscription to", () => {
	it.each([
		[[], "device.new", true],
		[["device"], "device.new", true],
		[["device"], "device", true],
		[["device.new"], "device.new", true],
		[["device.new"], "device.new.again", true],
		[["device.n"], "device.new", false],
		[["dev"], "device.new", false],
		[["license"], "device.new", false],
		[["license", "device"], "device.new", true],
	])("%j and the event %s: %s", (wanted, type, expected) => {
		expect(wantsType(wanted, type)).toBe(expected);
	});

	it.each(["", "Device", ".device", "device.", "device..new", "device*", "a".repeat(65)])("%j is refused", (type) => {
		expect(eventType.safeParse(type).success).toBe(false);
	});

	describe.each([
		["an account", ACCOUNT_EVENTS, accountEventType],
		["a product", PRODUCT_EVENTS, productEventType],
		["the deployment", DEPLOYMENT_EVENTS, deploymentEventType],
	])("of %s", (_, catalogue, schema) => {
		it.each(Object.keys(catalogue))("%s can be asked for, and all events like it", (type) => {
			expect(schema.parse(type)).toBe(type);
			expect(schema.parse(type.split(".")[0])).toBe(type.split(".")[0]);
		});

		it("is no other than those of the catalogue", () => {
			const types = Object.keys({ ...ACCOUNT_EVENTS, ...PRODUCT_EVENTS, ...DEPLOYMENT_EVENTS });
			const taken = types.filter((type) => schema.safeParse(type).success);
			expect(taken.toSorted()).toEqual(Object.keys(catalogue).toSorted());
		});
	});
});
