// Devices of which two copies live: both keep what they have until somebody says which of them is the device.
import type { z } from "zod";
import type { forkBody } from "../routes/operator/devices/forks.ts";
import { Time } from "./layout.tsx";
import type { ConsoleContext } from "./render.tsx";

export type Fork = z.infer<typeof forkBody>;
export interface Forks {
	readonly forks: readonly Fork[];
	readonly next: string | null;
}

/** Of 500 forks each; more of one account nobody goes through by hand. */
const MAX_PAGES = 10;

export function forksPath(account: string): string {
	return `/v1/accounts/${encodeURIComponent(account)}/forks`;
}

/** @returns null = it is one device, as far as is known */
export async function forkOf(c: ConsoleContext, account: string, device: string): Promise<Fork | null> {
	let after: string | undefined;
	for (let page = 0; page < MAX_PAGES; page++) {
		const { forks, next } = await c.var.api.get<Forks>(forksPath(account), { after });
		const found = forks.find((one) => one.device === device);
		if (found !== undefined || next === null || next >= device) return found ?? null;
		after = next;
	}
	return null;
}

export function LineText({ of: { line, seen_at, country, colo } }: { of: Fork["lines"][number] }) {
	const place = [country, colo].filter(Boolean).join(", ");
	return (
		<span>
			began its day <Time at={seen_at} />
			{place !== "" && ` in ${place}`} (<code>{line}</code>)
		</span>
	);
}
