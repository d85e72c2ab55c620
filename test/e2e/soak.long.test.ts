// `npm run soak` in small: some firewalls of the client library, everything that dies in a soak, and a second version in the middle.
import { expect, it } from "vitest";
import { violationsOf } from "../../bench/soak/report.ts";
import { runSoak } from "../../bench/soak/soak.ts";
import { builtBundle } from "./support/built.ts";

it.each([1, 2])(
	"nothing acknowledged is lost and no device is on a wrong release, whatever dies (seed %i)",
	async (seed) => {
		const size = { minutes: 0.4, firewalls: 20, accounts: 3 };
		const options = { ...size, seed, fromPrevious: false, onProgress: () => {} };
		const result = await runSoak(options, await builtBundle());
		expect(violationsOf(result)).toEqual([]);
		expect(result.installed).toBeGreaterThan(size.firewalls);
		expect(result.done).toMatchObject({ deploy: 1, crash: 2, "kv cut": 3 });
	},
);
