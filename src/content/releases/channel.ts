// The channels of a product. Every release travels in one of them; a device is on `stable` unless a label of its own says `beta`.
// Beta holds what stable holds and what is being tried: a device on beta never waits for protection that all others have.
import { z } from "zod";
import type { DeviceProfile } from "../../entitlement/devices/device-record.ts";
import { type Labels, labels } from "../../names.ts";

export const channel = z.enum(["stable", "beta"]);
export type Channel = z.infer<typeof channel>;

/** The label that puts a device on a channel of the product. With the longest name of a product it is as long as a label's key may be. */
export const channelLabel = (product: string) => `channel.${product}`;

const isChannelLabel = (key: string) => key.startsWith(channelLabel(""));

/** Labels that a device gives itself: which channel it is on is for its account's operators to say. */
export const ownLabels = labels.refine(
	(given) => !Object.keys(given).some(isChannelLabel),
	"a device's channel is set by an operator (PUT /v1/devices/{device}/channels/{product}), not by the device",
);

/** Labels that an operator gives. */
export const givenLabels = labels.refine(
	(given) => Object.entries(given).every(([key, value]) => !isChannelLabel(key) || channel.safeParse(value).success),
	"a label channel.<product> is stable or beta",
);

/** @returns those of the labels that put a device on a channel */
export function channelLabels(labels: DeviceProfile["labels"]): Labels {
	return Object.fromEntries(Object.entries(labels).filter(([key]) => isChannelLabel(key)));
}

/** @returns the channel of the product that the device is on */
export function channelOf({ labels }: Pick<DeviceProfile, "labels">, product: string): Channel {
	return labels[channelLabel(product)] === "beta" ? "beta" : "stable";
}
