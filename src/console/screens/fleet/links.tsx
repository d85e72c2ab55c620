// The screens of the whole fleet, each of which leads to the others.
import { link, segment } from "../../layout.tsx";
import { Choices } from "../../lists.tsx";

const SCREENS = [
	["in numbers", "/console/fleet"],
	["who still runs a version", "/console/fleet/installed"],
	["who stops updating", "/console/fleet/trust"],
] as const;

/** For who sees the whole deployment. */
export function FleetLinks({ chosen }: { chosen?: (typeof SCREENS)[number][0] }) {
	return <Choices what="The fleet" of={SCREENS} chosen={chosen} />;
}

/** How the releases of a product came to the fleet. */
export function adoptionPath(product: string): string {
	return `/console/fleet/products/${segment(product)}`;
}

/** @param installed a version, or the beginning of several and a `*` */
export function installedPath(product: string, installed?: string): string {
	return link("/console/fleet/installed", { product, installed });
}
