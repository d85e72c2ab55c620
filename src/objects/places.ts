// Calls an object in the place where it is to live. Whoever calls it first makes it there, so every call names the place.
import { isJurisdiction, type Jurisdiction, type Location, type Place, placeOf } from "../entitlement/place.ts";

/** What is used of the platform's namespaces. Without `jurisdiction` it has none. */
export interface ObjectNamespace<Stub> {
	getByName(name: string, options?: { readonly locationHint?: Location }): Stub;
	jurisdiction?(jurisdiction: Jurisdiction): ObjectNamespace<Stub>;
}

/**
 * @param place null = near whoever asks first
 * @throws Error where the namespace has no jurisdictions: the object would be made outside
 */
export function objectAt<Stub>(namespace: ObjectNamespace<Stub>, name: string, place: Place | null): Stub {
	if (place === null) return namespace.getByName(name);
	if (!isJurisdiction(place)) return namespace.getByName(name, { locationHint: place });
	const within = namespace.jurisdiction?.(place);
	if (within === undefined) throw new Error(`this runtime has no jurisdiction ${place}`);
	return within.getByName(name);
}

/** @param name of its object, which says the place */
export function accountAt<Stub>(namespace: ObjectNamespace<Stub>, name: string): Stub {
	return objectAt(namespace, name, placeOf(name));
}
