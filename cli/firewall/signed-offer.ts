// Is what is offered what the product's publisher has signed? Asked before anything of it is fetched, once there is a root in the
// firewall's home. A permit is for the very digest of its offer (check.ts), and what is downloaded is compared with that.
import { join } from "node:path";
import { targetPath } from "../../src/signing/tuf/metadata.ts";
import { hasRoot, openTrustClient, TrustError } from "../trust/client.ts";
import type { Offer } from "./answers.ts";
import type { FirewallSession } from "./session.ts";

/** @returns why the offer must not be installed; null = it may */
export type JudgeOffer = (product: string, offer: Pick<Offer, "version" | "sha256" | "size">) => Promise<string | null>;

export function trustFolder(home: { readonly folder: string }): string {
	return join(home.folder, "tuf");
}

/** The metadata is brought up to date with the first offer, and holds for one run of the update. */
export function createOfferJudge({ home, server }: Pick<FirewallSession, "home" | "server">): JudgeOffer {
	const folder = trustFolder(home);
	let client: ReturnType<typeof openTrustClient> | undefined;
	return async (product, { version, sha256, size }) => {
		if (!(await hasRoot(folder))) return null;
		try {
			client ??= openTrustClient(folder, server);
			const signed = await (await client).find(targetPath(product, version));
			if (signed === null) return "its publisher has not signed it";
			if (signed.sha256 === sha256 && signed.size === size) return null;
			return `its publisher has signed other bytes for it: SHA-256 ${signed.sha256}, ${signed.size} bytes`;
		} catch (error) {
			if (error instanceof TrustError) return error.message;
			throw error;
		}
	};
}
