// Whose quota an address uses up: IPv4 by address, IPv6 by the network that its holder has.
import { expect, it } from "vitest";
import { callerNetwork, networkOf } from "../../../../src/routes/http/rate-limit.ts";

it.each([
	["192.0.2.7", "192.0.2.7"],
	["unknown", "unknown"],
	["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
	["2001:db8:1:2::6", "2001:db8:1:2::/64"],
	["2001:0DB8:0001:0002::ffff", "2001:db8:1:2::/64"],
	["2001:db8:1:3::6", "2001:db8:1:3::/64"],
	["2001:db8::1", "2001:db8:0:0::/64"],
	["2001:db8::", "2001:db8:0:0::/64"],
	["::1", "0:0:0:0::/64"],
	["::ffff:192.0.2.1", "192.0.2.1"],
	["::FFFF:192.0.2.2", "192.0.2.2"],
])("%s counts as %s", (address, network) => {
	expect(networkOf(address)).toBe(network);
});

it("the address is what the platform says, not what the client says", () => {
	const headers = { "cf-connecting-ip": "2001:db8:1:2::6", "x-forwarded-for": "192.0.2.7" };
	expect(callerNetwork(new Request("https://updates.test/", { headers }))).toBe("2001:db8:1:2::/64");
	expect(callerNetwork(new Request("https://updates.test/"))).toBe("unknown");
});
