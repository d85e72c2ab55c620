// Time from nothing to the first answer: the service and a bare Worker in turn, each in a workerd of its own.
import { showProgress } from "../progress.ts";
import { send } from "../stage/operator.ts";
import { median } from "../statistics.ts";
import type { Bundle } from "../workerd/bundle.ts";
import { startService, type Target } from "../workerd/service.ts";

export interface StartUp {
	/** ms from starting Miniflare to the first answer, medians */
	readonly parapet: number;
	readonly bare: number;
}

/** @param runs how often each is started */
export async function measureStartUp(
	bundle: Bundle,
	secrets: Readonly<Record<string, string>>,
	runs: number,
): Promise<StartUp> {
	const parapet: number[] = [];
	const bare: number[] = [];
	const time = async (target: Target, path: string): Promise<number> => {
		const startedAt = performance.now();
		const service = await startService(bundle, { secrets, verifyKey: null }, [target]);
		try {
			const { status } = await send({ port: service.ports[target], method: "GET", path });
			if (status !== 200) throw new Error(`${target} answered ${status} to its first request`);
			return performance.now() - startedAt;
		} finally {
			await service.stop();
		}
	};
	for (let run = 1; run <= runs; run++) {
		showProgress(`start-up ${run} of ${runs}`);
		bare.push(await time("bare", "/"));
		parapet.push(await time("parapet", "/.well-known/oauth-authorization-server"));
	}
	return { parapet: median(parapet), bare: median(bare) };
}
