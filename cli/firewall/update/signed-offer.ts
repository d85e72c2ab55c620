// Is what is offered what the product's publisher has signed, and not older than what is installed? Asked before anything of it is
// fetched, once there is a root in the firewall's home. A permit is for the very digest of its offer (check.ts), and what is downloaded
// is compared with that.
import { targetPath } from "../../../src/signing/tuf/metadata.ts";
import { hasRoot, openTrustClient, pinRoot, type SignedTarget, TrustError } from "../../trust/client.ts";
import { requireLogged } from "../../trust/logged-role.ts";
import type { FirewallHome } from "../home/firewall-state.ts";
import { trustFolder } from "../home/trust-folder.ts";
import type { FirewallSession } from "../identity/session.ts";
import type { Offer } from "../wire-types.ts";

/**
 * From now on only what a publisher has signed is installed, as the TUF root says who may. A root that is there already stays.
 * @param root text of the file
 */
export function pinTrustRoot(home: Pick<FirewallHome, "folder">, root: string): Promise<void> {
	return pinRoot(trustFolder(home), root);
}

/** @returns why the offer must not be installed; null = it may */
export type JudgeOffer = (
	product: string,
	offer: Pick<Offer, "version" | "sha256" | "size" | "variant">,
) => Promise<string | null>;

/**
 * The metadata is brought up to date with the first offer, and holds for one run of the update.
 * @param allowOlder whoever sits at the firewall lets it go back
 */
export function createOfferJudge(
	{ home, server }: Pick<FirewallSession, "home" | "server">,
	{ allowOlder = false }: { readonly allowOlder?: boolean | undefined } = {},
): JudgeOffer {
	const folder = trustFolder(home);
	let client: ReturnType<typeof openTrustClient> | undefined;
	return async (product, offer) => {
		if (!(await hasRoot(folder))) return null;
		try {
			client ??= openTrustClient(folder, server);
			const { find } = await client;
			const signed = await find(targetPath(product, offer.version, offer.variant ?? undefined));
			if (signed !== null) await requireLogged(folder, server, product);
			const installed = (await home.load("installed"))?.[product];
			const held =
				installed === undefined ? null : await find(targetPath(product, installed.version, installed.variant));
			// Only these very bytes have the place in the order that the role file gives them.
			const runs = held !== null && held.sha256 === installed?.sha256 ? held : null;
			return faultOf(offer, signed, allowOlder ? null : runs, (await home.load("identity"))?.model);
		} catch (error) {
			if (error instanceof TrustError) return error.message;
			throw error;
		}
	};
}

/**
 * The service alone takes no firewall back: only the publisher does, by a role file without the release that is installed.
 * @param signed what the role file names under the offered version
 * @param runs what the role file names of that which is installed; null = nothing, any more or yet
 * @param model of the firewall; not given = not known
 * @returns why the offer must not be installed; null = it may
 */
export function faultOf(
	offer: Pick<Offer, "sha256" | "size">,
	signed: SignedTarget | null,
	runs: Pick<SignedTarget, "sequence"> | null,
	model?: string,
): string | null {
	if (signed === null) return "its publisher has not signed it";
	if (signed.sha256 !== offer.sha256 || signed.size !== offer.size)
		return `its publisher has signed other bytes for it: SHA-256 ${signed.sha256}, ${signed.size} bytes`;
	// Whoever offers chooses among what is signed, and not which model's bytes a firewall gets.
	if (model !== undefined && (signed.models?.includes(model) === false || signed.except?.includes(model)))
		return `its publisher has signed it for other models than ${model}`;
	if (runs === null || signed.sequence >= runs.sequence) return null;
	return `its publisher signed it before what is installed, and has not taken that back (sequence ${signed.sequence} after ${runs.sequence})`;
}
