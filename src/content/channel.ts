// The channels of a product. Every release travels in one of them; a device is on `stable` unless a label of its own says `beta`.
// Beta holds what stable holds and what is being tried: a device on beta never waits for protection that all others have.
import { z } from "zod";
import type { DeviceProfile } from "../entitlement/device-record.ts";
import type { Labels } from "../names.ts";

export const channel = z.enum(["stable", "beta"]);
export type Channel = z.infer<typeof channel>;

/** The label that puts a device on a channel of the product. With the longest name of a product it is as long as a label's key may be. */
export const channelLabel = (product: string) => `channel.${product}`;

/** @returns those of the labels that put a device on a channel */
export function channelLabels(labels: DeviceProfile["labels"]): Labels {
	return Object.fromEntries(Object.entries(labels).filter(([key]) => key.startsWith(channelLabel(""))));
}

/** @returns the channel of the product that the device is on */
export function channelOf({ labels }: Pick<DeviceProfile, "labels">, product: string): Channel {
	return labels[channelLabel(product)] === "beta" ? "beta" : "stable";
}
