// A pin to a version that a product does not have holds devices at what they have: mostly a mistyped one. It is taken, because the version
// may come; the person is told.
import { CliError, ServerRefusal } from "../../errors.ts";
import { listAnswer } from "../../http/lists.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import type { Rule } from "./rules.ts";

/** @returns a note for each pin to what there is not; none for a product whose releases the key may not read, or that nobody answers for */
export async function notesOnPins(api: OperatorApi, pins: readonly Rule["pins"][]): Promise<string[]> {
	const wanted = new Map<string, Set<string>>();
	for (const [product, pin] of pins.flatMap((one) => Object.entries(one ?? {}))) {
		if (pin !== null) wanted.set(product, (wanted.get(product) ?? new Set()).add(pin.version));
	}
	const notes: string[] = [];
	for (const [product, versions] of wanted) {
		const known = await versionsOf(api, product);
		if (known === "no_product")
			notes.push(`note: there is no product ${product}: the pin does nothing until there is one`);
		if (!(known instanceof Set)) continue;
		for (const version of versions) {
			if (known.has(version)) continue;
			const list = `\`parapet release list ${product}\` shows what there is`;
			notes.push(
				`note: ${product} has no version ${version}: pinned devices keep what they have until it comes; ${list}`,
			);
		}
	}
	return notes;
}

/** @returns undefined where it cannot be known */
async function versionsOf(api: OperatorApi, product: string): Promise<Set<unknown> | "no_product" | undefined> {
	try {
		const path = `/v1/products/${product}/releases`;
		const { items } = await api.call("GET", path, `could not list releases of ${product}`, listAnswer("releases"));
		return new Set(items.map(({ version }) => version));
	} catch (error) {
		if (error instanceof ServerRefusal && error.code === "not_found") return "no_product";
		if (error instanceof CliError) return undefined;
		throw error;
	}
}
