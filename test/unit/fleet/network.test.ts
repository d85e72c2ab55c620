// What is read of a connection as the platform describes it, and how far apart two networks are.
import { expect, it } from "vitest";
import { distanceKm, networkName, networkOf } from "../../../src/fleet/network.ts";

it.each([
	[{ asn: 3303, country: "CH", latitude: "47.36670", longitude: "8.55000" }, [3303, "CH", 47, 9]],
	[{ asn: 3303, country: "CH", latitude: "-0.4", longitude: "-179.6" }, [3303, "CH", -0, -180]],
	[{ asn: 3303, country: "T1" }, [3303, "T1", null, null]],
	[{ asn: 3303 }, [3303, null, null, null]],
	[{ asn: 3303, country: "XX" }, [3303, null, null, null]],
	[{ country: "XX" }, null],
	[{ country: "CH", latitude: "47.3" }, [null, "CH", null, null]],
	[{ country: "CH", latitude: "91", longitude: "8" }, [null, "CH", null, null]],
	[{ country: "CH", latitude: "NaN", longitude: "1e2" }, [null, "CH", null, null]],
	[{ country: "CH", latitude: 47, longitude: 8 }, [null, "CH", null, null]],
	[{ asn: 0, country: "switzerland", latitude: "47", longitude: "8" }, null],
	[{ colo: "ZRH" }, null],
	[{}, null],
	[undefined, null],
] as const)("of %j it knows %j", (cf, known) => {
	const network = networkOf(cf);
	expect(network && [network.asn, network.country, network.latitude, network.longitude]).toEqual(known);
});

it("a network is called by its country and number", () => {
	expect(networkName({ asn: 3303, country: "CH", latitude: 47, longitude: 9 })).toBe("CH AS3303");
	expect(networkName({ asn: null, country: null, latitude: null, longitude: null })).toBe("?? AS?");
});

const at = (latitude: number | null, longitude: number | null) => ({ asn: 1, country: "CH", latitude, longitude });
it.each([
	["one place", at(47, 9), at(47, 9), 0],
	["half round the earth", at(0, 0), at(0, 180), 20_015],
	["pole to pole", at(90, 12), at(-90, -80), 20_015],
	["over the date line", at(0, 179), at(0, -179), 222],
	["Zurich and New York", at(47, 9), at(41, -74), 6_354],
	["somewhere that is not known", at(47, 9), at(47, null), null],
] as const)("%s is so many km", (_, one, other, km) => {
	const found = distanceKm(one, other);
	expect(found && Math.round(found)).toBe(km);
});
