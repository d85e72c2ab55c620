// Which record of a product is the present one, and what edges know of the product beside that record.
import type { Entitled } from "../../entitlement/entitled.ts";

export interface ProductHead {
	readonly product: string;
	readonly revision: number;
	/** unix seconds until which it has news of an emergency; 0 or left out = none */
	readonly emergencyUntil?: number;
	/** who may have it; left out = as before */
	readonly entitled?: Entitled;
}
