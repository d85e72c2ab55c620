// Which offers a firewall takes that knows what the publisher signed.
import { expect, it } from "vitest";
import { faultOf } from "../../../../../cli/firewall/update/signed-offer.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)];
const offer = { sha256: A, size: 10 };
const signed = (sequence: number, sha256 = A, size = 10) => ({ sha256, size, sequence });

it.each([
	["nothing is signed under the version", null, null, "its publisher has not signed it"],
	["nothing is signed, and something signed runs", null, signed(1), "its publisher has not signed it"],
	["other bytes are signed", signed(9, B), null, "its publisher has signed other bytes"],
	["another length is signed", signed(9, A, 11), null, "its publisher has signed other bytes"],
	["what runs was signed later", signed(4), signed(5), "its publisher signed it before what is installed"],
	["the publisher gives it no place in the order", signed(0), signed(1), "its publisher signed it before"],
])("refuses where %s", (_, target, runs, why) => {
	expect(faultOf(offer, target, runs)).toContain(why);
});

const variant = { ...signed(1), models: ["FW-100", "FW-200"] };
const rest = { ...signed(1), except: ["FW-100", "FW-200"] };

it.each([
	["a variant of its model", variant, "FW-200", true],
	["another model's variant", variant, "FW-300", false],
	["a variant for nobody", { ...variant, models: [] }, "FW-100", false],
	["the package for all other models", rest, "FW-300", true],
	["the package for all other models, and there is a variant of its own", rest, "FW-100", false],
	["a package for every model", signed(1), "FW-100", true],
] as const)("knows for which models it was signed: %s", (_, target, model, isTaken) => {
	const fault = faultOf(offer, target, null, model);
	if (isTaken) expect(fault).toBeNull();
	else expect(fault).toContain(`signed it for other models than ${model}`);
});

it.each([
	["nothing runs that is signed, any more or yet", signed(1), null],
	["it is the one that runs", signed(5), signed(5)],
	["it was signed later", signed(6), signed(5)],
	["the publisher gives nothing a place in the order", signed(0), signed(0)],
])("takes what is signed where %s", (_, target, runs) => {
	expect(faultOf(offer, target, runs)).toBeNull();
});
